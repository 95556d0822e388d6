"""The known log in the forms of public data sets, exports of shops and tools.

cases() gives dictionaries: id, kind, files {name: bytes}, options (of the reader, the first --data
included), want, and with "read" the expected sequences {user: [items]}.

want: "read": the log is read right.
      "ask": it is refused; the message names each option of `answer`, which then reads it right.
      "read-or-ask": one of the two.
      "refuse": it is refused, and the message holds `part`.
"""
import datetime
import io
import csv
import json

from known_log import BY_DAYS, BY_MINUTES, USERS, by_time, sequences, shuffled

CASES = []


def plain(number):
    return str(number)


def add(name, kind, text, user=plain, item=plain, events=BY_MINUTES, want="read", options=(),
        answer=(), part="", encoding="utf-8", expected=None, reading=None, others=()):
    files = {name: text if isinstance(text, bytes) else text.encode(encoding)}
    files.update({n: t.encode(encoding) for n, t in others})
    if expected is None:
        expected = {user(u): [item(i) for i in items] for u, items in sequences(events).items()}
    CASES.append({"id": name, "kind": kind, "files": files, "data": reading or [name], "want": want,
                  "options": list(options), "answer": list(answer), "part": part,
                  "expected": expected})


def quoted(value, separator):
    text = str(value)
    if separator in text or '"' in text or "\n" in text:
        return '"' + text.replace('"', '""') + '"'
    return text


def table(rows, separator=",", header=None, quote_all=False, end="\n"):
    lines = [header] if header else []
    for row in rows:
        lines.append([quoted(v, separator) if not quote_all else '"%s"' % str(v).replace('"', '""')
                      for v in row])
    return "".join(separator.join(str(v) for v in line) + end for line in lines)


def lines_of(objects):
    return "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in objects)


def iso(event, separator="T", zone=""):
    return event.moment.strftime("%Y-%m-%d" + separator + "%H:%M:%S") + zone


DAYS, MINUTES = shuffled(BY_DAYS), shuffled(BY_MINUTES)
IN_ORDER = by_time(BY_MINUTES)
BY_USER = sorted(IN_ORDER, key=lambda e: e.user)


def amazon_user(number):
    return "A%013dXQ" % (number * 7919)


def asin(number):
    return "B00%07d" % (number * 101)


def uuid(number):
    return "%08x-4a5b-4c6d-8e7f-%012x" % (number * 2654435761 % 2**32, number)


def sha1(number):
    return ("%08x" % (number * 2654435761 % 2**32)) * 5


# --- Amazon -----------------------------------------------------------------------------------

add("amazon-2014-ratings.csv", "K2",
    table([amazon_user(e.user), asin(e.item), "%.1f" % e.rating, e.time] for e in MINUTES),
    amazon_user, asin)
add("amazon-2018-item-first.csv", "K2",
    table([asin(e.item), amazon_user(e.user), "%.1f" % e.rating, e.time] for e in MINUTES),
    amazon_user, asin)
add("amazon-2018.json", "K3",
    lines_of({"overall": float(e.rating), "vote": "5", "verified": True,
              "reviewTime": e.moment.strftime("%m %d, %Y"), "reviewerID": amazon_user(e.user),
              "asin": asin(e.item), "style": {"Format:": " Hardcover"}, "reviewerName": "J. \"D\"",
              "reviewText": "Good,\nreally", "summary": "user, item", "unixReviewTime": e.time}
             for e in MINUTES), amazon_user, asin)
add("amazon-2014.dicts", "K5",
    "".join(repr({"reviewerID": amazon_user(e.user), "asin": asin(e.item), "reviewerName": "it's",
                  "helpful": [2, 3], "reviewText": "a \"b\" 'c'", "overall": float(e.rating),
                  "unixReviewTime": e.time, "reviewTime": e.moment.strftime("%m %d, %Y")}) + "\n"
            for e in MINUTES), amazon_user, asin)
add("amazon-2023-0core.csv", "K3",
    table(([amazon_user(e.user), asin(e.item), "%.1f" % e.rating, e.time * 1000 + 5]
           for e in MINUTES), header=["user_id", "parent_asin", "rating", "timestamp"]),
    amazon_user, asin)


def with_history():
    seen = {}
    rows = []
    for e in IN_ORDER:
        before = seen.setdefault(e.user, [])
        rows.append([amazon_user(e.user), asin(e.item), "%.1f" % e.rating, e.time * 1000,
                     " ".join(asin(i) for i in before)])
        before.append(e.item)
    return rows


add("amazon-2023-last-out.csv", "K5",
    table(with_history(), header=["user_id", "parent_asin", "rating", "timestamp", "history"]),
    amazon_user, asin)

# --- MovieLens, Netflix, Yelp, Goodreads -------------------------------------------------------

add("ml-100k-u1.base", "K2",
    table(([e.user, e.item, e.rating, e.time] for e in MINUTES), "\t"))
add("ml-1m-ratings.dat", "K2",
    table(([e.user, e.item, e.rating, e.time] for e in MINUTES), "::"))
add("ml-10m-tags.dat", "K2",
    table(([e.user, e.item, "time travel" if e.rating > 2 else "dark", e.time] for e in MINUTES),
          "::"))
add("ml-20m-ratings-dates.csv", "K3",
    table(([e.user, e.item, e.rating - 0.5, iso(e, " ")] for e in MINUTES), quote_all=True,
          header=['"userId"', '"movieId"', '"rating"', '"timestamp"']))
add("ml-25m-tags.csv", "K1",
    table(([e.user, e.item, "wry, dry" if e.rating > 2 else "user", e.time] for e in MINUTES),
          header=["userId", "movieId", "tag", "timestamp"]))
add("ml-item-user.csv", "K1",
    table(([e.item, e.time, e.user, e.rating] for e in MINUTES),
          header=["movieId", "timestamp", "userId", "rating"]))


def netflix(row):
    text = ""
    for number in range(1, 25):
        rows = [e for e in DAYS if e.item == number]
        if rows:
            text += "%d:\n" % number + "".join(row(e) + "\n" for e in rows)
    return text


add("netflix-qualifying.txt", "K2", netflix(lambda e: "%d,%s" % (e.user, e.moment.date())),
    events=BY_DAYS)
add("netflix-ratings-only.txt", "K2", netflix(lambda e: "%d,%d,%s" % (e.user + 1000000, e.rating,
                                                                      e.moment.date())),
    user=lambda u: str(u + 1000000), events=BY_DAYS)
add("netflix-mv_0000001.txt", "K16",
    "1:\n" + "".join("%d,%d,%s\n" % (e.user, e.rating, e.moment.date()) for e in DAYS),
    want="refuse", part="item")
add("yelp-tip.json", "K3",
    lines_of({"user_id": uuid(e.user), "business_id": uuid(900 + e.item), "text": "nice, \"yes\"",
              "date": iso(e, " "), "compliment_count": 0} for e in MINUTES),
    uuid, lambda i: uuid(900 + i))
add("yelp-review.csv", "K6",
    table((["r%d" % n, "u_%d" % e.user, "b-%d" % e.item, float(e.rating), 0, 1,
            "line 1\nline \"2\", end", iso(e, " ")] for n, e in enumerate(MINUTES)),
          header=["review_id", "user_id", "business_id", "stars", "useful", "funny", "text",
                  "date"]), lambda u: "u_%d" % u, lambda i: "b-%d" % i)
add("goodreads-interactions.csv", "K1",
    table(([e.user, e.item, 1, e.rating, 0] for e in BY_USER),
          header=["user_id", "book_id", "is_read", "rating", "is_reviewed"]))
add("goodreads-interactions.json", "K3",
    lines_of({"user_id": sha1(e.user), "book_id": str(e.item), "review_id": sha1(n + 5000),
              "isRead": True, "rating": e.rating, "date_added":
              e.moment.strftime("%a %b %d %H:%M:%S +0000 %Y"),
              "date_updated": "Wed Mar 22 11:37:04 -0700 2017", "read_at": "", "started_at": ""}
             for n, e in enumerate(MINUTES)), sha1)

# --- Music -------------------------------------------------------------------------------------

add("lastfm-360k.tsv", "K2",
    table(([sha1(e.user), uuid(e.item), "Artist %d" % e.item, 100 + e.rating] for e in BY_USER),
          "\t"), sha1, uuid, want="read-or-ask",
    answer=["--user-column", "1", "--item-column", "2"])
add("lastfm-1k.tsv", "K4",
    table((["user_%06d" % e.user, iso(e, zone="Z"), uuid(e.item % 5 + 100), "A %d" % (e.item % 5),
            uuid(e.item), "The Track %d" % e.item] for e in MINUTES), "\t"),
    lambda u: "user_%06d" % u, uuid, want="read-or-ask",
    answer=["--user-column", "1", "--item-column", "5"])
add("lfm-2b-listening.tsv", "K1",
    table(([e.user, e.item, e.item % 6, iso(e, " ")] for e in MINUTES), "\t",
          header=["user_id", "track_id", "album_id", "timestamp"]))
add("lfm-1b-LEs.txt", "K4",
    table(([31430000 + e.user, 500 + e.item % 5, 700 + e.item % 8, 4000 + e.item, e.time]
           for e in MINUTES), "\t"), lambda u: str(31430000 + u), lambda i: str(4000 + i),
    want="read-or-ask", answer=["--user-column", "1", "--item-column", "4"])
add("million-song-triplets.txt", "K2",
    table(([sha1(e.user), "SO%05dAB" % e.item, e.rating] for e in BY_USER), "\t"),
    sha1, lambda i: "SO%05dAB" % i)
add("spotify-mpd.json", "K5",
    json.dumps({"info": {"slice": "0-999", "version": "v1"},
                "playlists": [{"name": "P", "pid": u, "modified_at": 1493424000,
                               "tracks": [{"pos": p, "artist_name": "A", "track_uri":
                                           "spotify:track:%d" % i, "duration_ms": 1000 + i}
                                          for p, i in enumerate(items)]}
                              for u, items in sequences(BY_MINUTES).items()]}, indent=1),
    want="refuse", part="--user-column")
add("spotify-playlists.json", "K5",
    json.dumps([{"name": "P", "pid": u, "modified_at": 1493424000,
                 "tracks": [{"pos": p, "artist_name": "A", "track_uri": "spotify:track:%d" % i}
                            for p, i in enumerate(items)]}
                for u, items in sequences(BY_MINUTES).items()]),
    item=lambda i: "spotify:track:%d" % i, want="read-or-ask",
    answer=["--user-column", "pid"])
add("spotify-skip.csv", "K1",
    table((["%d_%s" % (e.user, sha1(e.user)[:8]), n + 1, 20, "t_" + uuid(e.item), "true", iso(e)]
           for n, e in enumerate(MINUTES)),
          header=["session_id", "session_position", "session_length", "track_id_clean", "skip_1",
                  "event_time"]),
    lambda u: "%d_%s" % (u, sha1(u)[:8]), lambda i: "t_" + uuid(i))

# --- Places ------------------------------------------------------------------------------------

add("brightkite.txt", "K2",
    table(([e.user, iso(e, zone="Z"), 39.7 + e.item / 1000, -104.9 + e.item / 777, sha1(e.item)]
           for e in sorted(BY_USER, key=lambda e: (e.user, -e.time))), "\t"), item=sha1)
add("foursquare-global-checkins.txt", "K10",
    table(([e.user, sha1(e.item)[:24], e.moment.strftime("%a %b %d %H:%M:%S +0000 %Y"), -240]
           for e in MINUTES), "\t"), item=lambda i: sha1(i)[:24])
add("foursquare-tsmc-named.csv", "K10",
    table(([e.user, sha1(e.item)[:24], "4bf5", "Bar & Grill, old", 40.7 + e.item / 500, -73.9, -240,
            e.moment.strftime("%a %b %d %H:%M:%S +0000 %Y")] for e in MINUTES),
          header=["userId", "venueId", "venueCategoryId", "venueCategory", "latitude", "longitude",
                  "timezoneOffset", "utcTimestamp"]), item=lambda i: sha1(i)[:24])
add("gowalla-spaces.txt", "K2",
    table(([e.user, iso(e, zone="Z"), 30.2 + e.item / 1000, -97.7 - e.item / 999, 22847 + e.item]
           for e in sorted(BY_USER, key=lambda e: (e.user, -e.time))), " "),
    item=lambda i: str(22847 + i))

# --- Shops -------------------------------------------------------------------------------------

add("yoochoose-buys.dat", "K2",
    table([e.user + 420000, iso(e, zone=".575Z"), 214500000 + e.item, 12462, 1] for e in MINUTES),
    lambda u: str(u + 420000), lambda i: str(214500000 + i))
add("diginetica-train-item-views.csv", "K4",
    table(([e.user, "NA" if e.user % 4 else 77 + e.user, e.item, e.time % 86400 * 1000,
            e.moment.date()] for e in DAYS), ";",
          header=["session_id", "user_id", "item_id", "timeframe", "eventdate"]),
    events=BY_DAYS, want="read-or-ask", answer=["--user-column", "session_id"])
add("diginetica-sessions-only.csv", "K3",
    table(([e.user, "", e.item, e.time % 86400 * 1000, e.moment.date()] for e in DAYS), ";",
          header=["sessionId", "userId", "itemId", "timeframe", "eventdate"]), events=BY_DAYS)
add("retailrocket-events.csv", "K1",
    table(([e.time * 1000, 257000 + e.user, "view", 355000 + e.item, ""] for e in MINUTES),
          header=["timestamp", "visitorid", "event", "itemid", "transactionid"]),
    lambda u: str(257000 + u), lambda i: str(355000 + i))
add("retailrocket-transactions.csv", "K9",
    table([row for n, e in enumerate(MINUTES) for row in (
        [[e.time * 1000, e.user, "transaction", e.item, n]] +
        ([[e.time * 1000 - 5, e.user, "view", e.item % 24 + 1, ""]] if n % 3 else []))],
          header=["timestamp", "visitorid", "event", "itemid", "transactionid"]),
    options=["--keep", "event=transaction"])
add("tmall-user_log.csv", "K3",
    table(([e.user, e.item, 833, 2882, 2661, e.moment.strftime("%m%d"), e.rating % 3]
           for e in DAYS), header=["user_id", "item_id", "cat_id", "seller_id", "brand_id",
                                   "time_stamp", "action_type"]), events=BY_DAYS)
add("taobao-UserBehavior.csv", "K2",
    table([e.user, e.item, 2500000 + e.item % 7, "pv" if e.rating > 2 else "cart", e.time]
          for e in MINUTES))
add("alibaba-ifashion-user_data.txt", "K5",
    table([sha1(e.user), ";".join(sha1(100 + (e.item + k) % 24) for k in (0, 7, 9)), e.item]
          for e in BY_USER), sha1, want="read-or-ask",
    answer=["--item-column", "3"])
add("online-retail.csv", "K10",
    table((["%d" % (536365 + e.time // 100 % 10000), "85%03dA" % e.item,
            "HEART, \"T\"" if e.item % 2 else "LANTERN", 6,
            e.moment.strftime("%m/%d/%Y %H:%M").lstrip("0"), 2.55, e.user + 17000,
            "United Kingdom"] for e in MINUTES),
          header=["InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice",
                  "CustomerID", "Country"]),
    lambda u: str(u + 17000), lambda i: "85%03dA" % i)
add("online-retail-no-customer.csv", "K14",
    table((row for n, e in enumerate(MINUTES) for row in (
        [["53%d" % n, "85%03dA" % e.item, "LANTERN", 6, iso(e, " "), 2.55, e.user + 17000.0, "UK"]]
        + ([["53%d" % n, "85001A", "LANTERN", 6, iso(e, " "), 2.55, "", "UK"]] if n % 3 == 0
           else []))),
          header=["Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price",
                  "Customer ID", "Country"]),
    lambda u: "%.1f" % (u + 17000), lambda i: "85%03dA" % i, want="ask",
    answer=["--on-bad-row", "skip", "--max-bad-rows", "0.3"])
add("instacart-joined.csv", "K1",
    table(([n + 1, e.user, "prior", n // 9 + 1, n % 7, n % 24, 30.0, e.item, 1, 0]
           for n, e in enumerate(IN_ORDER)),
          header=["order_id", "user_id", "eval_set", "order_number", "order_dow",
                  "order_hour_of_day", "days_since_prior_order", "product_id", "add_to_cart_order",
                  "reordered"]))
add("instacart-orders.csv", "K14",
    table(([n + 1, e.user, "prior", n // 9 + 1, n % 7, n % 24, 30.0]
           for n, e in enumerate(IN_ORDER)),
          header=["order_id", "user_id", "eval_set", "order_number", "order_dow",
                  "order_hour_of_day", "days_since_prior_order"]),
    want="refuse", part="item")
add("hm-transactions.csv", "K3",
    table(([e.moment.date(), sha1(e.user) * 2, "%010d" % (108775000 + e.item), 0.0508, 2]
           for e in DAYS), header=["t_dat", "customer_id", "article_id", "price",
                                   "sales_channel_id"]),
    lambda u: sha1(u) * 2, lambda i: "%010d" % (108775000 + i), BY_DAYS)
add("dunnhumby-transaction_data.csv", "K3",
    table(([e.user, 26984851472 + n, (e.time - 1225000000) // 86400 + 1, 1004000 + e.item, 1, 1.39,
            364, -0.6, e.moment.strftime("%H%M"), 1 + n // 50, 0, 0] for n, e in enumerate(DAYS)),
          header=["household_key", "BASKET_ID", "DAY", "PRODUCT_ID", "QUANTITY", "SALES_VALUE",
                  "STORE_ID", "RETAIL_DISC", "TRANS_TIME", "WEEK_NO", "COUPON_DISC",
                  "COUPON_MATCH_DISC"]), item=lambda i: str(1004000 + i), events=BY_DAYS,
    want="read-or-ask", answer=["--time-column", "DAY"])
add("ta-feng.csv", "K10",
    table(([e.moment.strftime("%m/%d/%Y").lstrip("0"), "%08d" % (e.user + 46855), "45-49 ", "115    ",
            110411, 4710199010372 + e.item, 3, 51, 57] for e in DAYS), quote_all=True,
          header=['"TRANSACTION_DT"', '"CUSTOMER_ID"', '"AGE_GROUP"', '"PIN_CODE"',
                  '"PRODUCT_SUBCLASS"', '"PRODUCT_ID"', '"AMOUNT"', '"ASSET"', '"SALES_PRICE"']),
    lambda u: "%08d" % (u + 46855), lambda i: str(4710199010372 + i), BY_DAYS)
add("ta-feng-d11.csv", "K6",
    table((["%s 00:00:00" % e.moment.date(), "%08d  " % (e.user + 46855), "D ", "E ", 110411,
            str(4710199010372 + e.item) + "  ", 3, 51, 57] for e in DAYS), ";",
          header=["交易日期", "會員卡號", "年齡層", "區域代碼", "商品分類", "商品原始ID", "數量",
                  "成本", "銷售額"]),
    lambda u: "%08d" % (u + 46855), lambda i: str(4710199010372 + i), BY_DAYS,
    want="read-or-ask", answer=["--user-column", "2", "--item-column", "6"])
add("shopify-line-items.csv", "K1",
    table((["#%d" % (1000 + n), "u%d@example.org" % e.user, "paid", iso(e, " ", " +0000"), 1,
            "Mug, blue", "9.90", "SKU-%03d" % e.item] for n, e in enumerate(MINUTES)),
          header=["Name", "Email", "Financial Status", "Created at", "Lineitem quantity",
                  "Lineitem name", "Lineitem price", "Lineitem sku"]),
    lambda u: "u%d@example.org" % u, lambda i: "SKU-%03d" % i, want="read-or-ask",
    answer=["--user-column", "Email", "--item-column", "Lineitem sku"])
add("woocommerce.csv", "K1",
    table(([n + 5000, iso(e, " "), "completed", e.user, "Cup %d" % e.item, "SKU%d" % e.item, 1, 9.9]
           for n, e in enumerate(MINUTES)),
          header=["order_id", "order_date", "status", "customer_user", "item_name", "product_sku",
                  "quantity", "item_price"]), item=lambda i: "SKU%d" % i,
    want="read-or-ask", answer=["--item-column", "product_sku"])

# --- Ratings and links -------------------------------------------------------------------------

add("bookcrossing-BX-Book-Ratings.csv", "K6",
    table(([e.user + 276000, "%09dX" % e.item, e.rating] for e in BY_USER), ";", quote_all=True,
          header=['"User-ID"', '"ISBN"', '"Book-Rating"'], end="\r\n"),
    lambda u: str(u + 276000), lambda i: "%09dX" % i, encoding="latin-1")
add("bookcrossing-latin1.csv", "K13",
    table(([e.user, "été-%d" % e.item, e.rating] for e in BY_USER), ";", quote_all=True,
          header=['"User-ID"', '"ISBN"', '"Book-Rating"']), item=lambda i: "été-%d" % i,
    encoding="latin-1")
add("jester-matrix.csv", "K14",
    table([USERS] + [99 if (u * k) % 3 else "%.2f" % (u * k % 17 - 8.25) for k in range(1, 41)]
          for u in range(1, 60)), want="refuse", part="")
add("anime-rating.csv", "K1",
    table(([e.user, e.item, -1 if e.rating < 3 else e.rating] for e in BY_USER),
          header=["user_id", "anime_id", "rating"]))
add("anime-2020-animelist.csv", "K1",
    table(([e.user, e.item, e.rating, 1, 24] for e in BY_USER),
          header=["user_id", "anime_id", "rating", "watching_status", "watched_episodes"]))
add("delicious-timestamps.dat", "K1",
    table(([e.user, e.item, e.rating, e.time * 1000] for e in MINUTES), "\t",
          header=["userID", "bookmarkID", "tagID", "timestamp"]))
add("delicious-dates.dat", "K3",
    table(([e.user, e.item, e.rating, e.moment.day, e.moment.month, e.moment.year, e.moment.hour,
            e.moment.minute, e.moment.second] for e in MINUTES), "\t",
          header=["userID", "bookmarkID", "tagID", "day", "month", "year", "hour", "minute",
                  "second"]), want="refuse", part="time")
add("citeulike-users.dat", "K5",
    "".join("%d %s\n" % (len(items), " ".join(map(str, items)))
            for items in sequences(BY_MINUTES).values()),
    want="refuse", part="")
add("epinions-ratings_data.txt", "K2",
    table(([e.user, e.item, "%d " % e.rating] for e in BY_USER), " "))
add("ciaodvd-movie-ratings.txt", "K2",
    table([e.user, e.item, e.item % 5 + 1, n + 60000, e.rating, e.moment.date()]
          for n, e in enumerate(DAYS)), events=BY_DAYS)
add("douban-moviereviews.tsv", "K1",
    table(([e.user, e.item, e.rating, 0, iso(e, " ")] for e in MINUTES), "\t",
          header=["user_id", "movie_id", "rating", "useful_num", "time"]))
add("douban-comments.csv", "K1",
    table(([n, "%d部电影" % (e.item % 9), n % 40, "用户%d" % e.user, e.item, "%s" % e.moment.date(),
            e.rating, "不错,很好", 12] for n, e in enumerate(DAYS)),
          header=["ID", "Movie_Name_CN", "Number", "Username", "Movie_ID", "Date", "Star",
                  "Comment", "Like"]), lambda u: "用户%d" % u, events=BY_DAYS)
add("pinterest.csv", "K2", table(([e.user, e.item + 900] for e in BY_USER), "\t"),
    item=lambda i: str(i + 900))
add("twitch-100k.csv", "K4",
    table([e.user, 33842865744 + e.item, "streamer%d" % (e.item % 6), n, n + 2]
          for n, e in enumerate(IN_ORDER)), item=lambda i: str(33842865744 + i),
    want="read-or-ask", answer=["--user-column", "1", "--item-column", "2"])

# --- Courses, jobs, news -----------------------------------------------------------------------

add("ednet-kt1-u1.csv", "K14",
    table(([e.time * 1000, n + 1, "q%d" % e.item, "b", 22000 + n * 7] for n, e in
           enumerate(IN_ORDER)), header=["timestamp", "solving_id", "question_id", "user_answer",
                                         "elapsed_time"]), want="refuse", part="user")
add("assistments.csv", "K1",
    table(([n + 33022537, e.user, e.item + 51424, e.rating % 2, 1, iso(e, " ")]
           for n, e in enumerate(MINUTES)),
          header=["order_id", "user_id", "problem_id", "correct", "attempt_count", "start_time"]),
    item=lambda i: str(i + 51424))
add("xing-interactions.csv", "K3",
    table(([e.user, e.item, e.rating % 4, e.time] for e in MINUTES), "\t",
          header=["recsyschallenge_v2017_1_100.user_id", "item_id", "interaction_type",
                  "created_at"]))
add("careerbuilder-apps.tsv", "K1",
    table(([e.user, 1, "Train", iso(e, " ") + ".837", e.item] for e in MINUTES), "\t",
          header=["UserID", "WindowID", "Split", "ApplicationDate", "JobID"]))
add("mind-behaviors.tsv", "K5",
    table(([n + 1, "U%d" % u, "11/%d/2019 9:05:%02d AM" % (13 + n % 9, n),
            " ".join("N%d" % i for i in items), "N900-1 N901-0"]
           for n, (u, items) in enumerate(sequences(BY_MINUTES).items())), "\t"),
    lambda u: "U%d" % u, lambda i: "N%d" % i, want="read-or-ask",
    answer=["--item-column", "4"])
add("adressa.json", "K8",
    lines_of({"eventId": n + 5, "city": "oslo", "activeTime": 12, "url":
              "http://adressa.no/%d.html" % e.item, "referrerUrl": "http://adressa.no", "userId":
              "cx:%s" % uuid(e.user), "sessionStart": False, "time": e.time, "id": sha1(e.item),
              "publishtime": "2016-12-31T12:00:00.000Z", "keywords": "a,b", "profile":
              [{"item": "adressa", "groups": [{"count": 1.0, "group": "site", "weight": 1.0}]}]}
             for n, e in enumerate(MINUTES)), lambda u: "cx:%s" % uuid(u),
    lambda i: "http://adressa.no/%d.html" % i)
add("globo-clicks.csv", "K4",
    table(([e.user, 1506825423271737 + e.user, 1225000000000, 2, e.item + 157000, e.time * 1000 + 7,
            4, 3, 20, 1, 20, 2] for e in MINUTES),
          header=["user_id", "session_id", "session_start", "session_size", "click_article_id",
                  "click_timestamp", "click_environment", "click_deviceGroup", "click_os",
                  "click_country", "click_region", "click_referrer_type"]),
    item=lambda i: str(i + 157000))
add("plista.csv", "K1",
    table(([e.time * 1000, "impression", 418, e.item, e.user, 1] for e in MINUTES),
          header=["ts", "event_type", "domain", "item", "user_cookie", "app"]))

# --- Video and feeds ---------------------------------------------------------------------------

add("tenrec-sbr.csv", "K1",
    table(([e.user, e.item, 1, 0, 0, e.rating % 2, 5, 12, 1, 3] for e in BY_USER),
          header=["user_id", "item_id", "click", "follow", "like", "share", "video_category",
                  "watching_times", "gender", "age"]))
add("kuairec-big_matrix.csv", "K3",
    table(([e.user, e.item, 13838, 10867, iso(e, " ") + ".%03d" % (e.rating * 7),
            e.moment.strftime("%Y%m%d"), e.time + e.rating * 0.007, 1.273] for e in MINUTES),
          header=["user_id", "video_id", "play_duration", "video_duration", "time", "date",
                  "timestamp", "watch_ratio"]))
add("kuairand-log.csv", "K3",
    table(([e.user, e.item, e.moment.strftime("%Y%m%d"), e.moment.strftime("%H00"), e.time * 1000,
            1, 0, 0, 0, 0, 0, 0, 5000, 9000, 0, 0, 0, 0, 1] for e in MINUTES),
          header=["user_id", "video_id", "date", "hourmin", "time_ms", "is_click", "is_like",
                  "is_follow", "is_comment", "is_forward", "is_hate", "long_view", "play_time_ms",
                  "duration_ms", "profile_stay_time", "comment_stay_time", "is_profile_enter",
                  "is_rand", "tab"]))
add("microvideo-track2.tsv", "K2",
    table(([e.user, 100 + e.item % 5, e.item, 300 + e.item % 4, 0, 1, 0, 0, e.rating + 8, e.time]
           for e in MINUTES), "\t",
          header=["uid", "user_city", "item_id", "author_id", "item_city", "channel", "finish",
                  "like", "duration_time", "create_time"]))
add("otto-sessions.jsonl", "K5",
    lines_of({"session": u, "events": [{"aid": i, "ts": 1661724000278 + n * 1000, "type": "clicks"}
                                       for n, i in enumerate(items)]}
             for u, items in sequences(BY_MINUTES).items()))
add("otto-orders.jsonl", "K9",
    lines_of({"session": u, "events": [event for n, i in enumerate(items) for event in (
        {"aid": i % 24 + 1, "ts": 1661724000278 + n * 1000 - 9, "type": "clicks"},
        {"aid": i, "ts": 1661724000278 + n * 1000, "type": "orders"})]}
             for u, items in sequences(BY_MINUTES).items()),
    options=["--keep", "events.type=orders"])
add("steam-v1.dicts", "K3",
    "".join("{u'username': u'user %d', u'hours': 13.7, u'products': 3, u'product_id': u'%d', "
            "u'page_order': 0, u'date': u'%s', u'text': u\"it's ok\", u'early_access': False, "
            "u'page': 1}\n" % (e.user, 10 * e.item, e.moment.date()) for e in DAYS),
    lambda u: "user %d" % u, lambda i: str(10 * i), BY_DAYS)
add("steam-australian-items.dicts", "K5",
    "".join(repr({"user_id": "7656119%d" % u, "items_count": len(items), "steam_id": "7656119%d" % u,
                  "user_url": "http://steamcommunity.com/profiles/%d" % u,
                  "items": [{"item_id": str(i), "item_name": "Game's %d" % i,
                             "playtime_forever": 6, "playtime_2weeks": 0} for i in items]}) + "\n"
            for u, items in sequences(BY_MINUTES).items()),
    lambda u: "7656119%d" % u)
add("steam-200k.csv", "K2",
    table([row for e in BY_USER for row in (
        [151603700 + e.user, "The Game %d" % e.item, "purchase", 1.0, 0],)]),
    lambda u: str(151603700 + u), lambda i: "The Game %d" % i,
    want="read-or-ask", answer=["--user-column", "1", "--item-column", "2"])

# --- Files of papers ---------------------------------------------------------------------------

SEQUENCES = sequences(BY_MINUTES)
add("lightgcn-train.txt", "K5",
    "".join("%d %s\n" % (u, " ".join(map(str, items))) for u, items in SEQUENCES.items()))
add("ngcf-trailing-blank.txt", "K5",
    "".join("%d %s \n" % (u, " ".join(map(str, items))) for u, items in SEQUENCES.items()))
add("s3rec.txt", "K5",
    "".join("%d %s\n" % (u, " ".join(map(str, items))) for u, items in SEQUENCES.items()))
add("sasrec.txt", "K2", table(([e.user, e.item] for e in BY_USER), " "))
add("bert4rec-ml.txt", "K2", table(([e.user, e.item] for e in BY_USER), " ", end="\r\n"))
add("recbole-atomic.inter", "K1",
    table(([e.user, e.item, e.rating, "%.1f" % e.time] for e in MINUTES), "\t",
          header=["user_id:token", "item_id:token", "rating:float", "timestamp:float"]))
add("recbole-other-order.inter", "K1",
    table(([e.time, e.item, e.user] for e in MINUTES), "\t",
          header=["timestamp:float", "item_id:token", "session_id:token"]))
add("recbole-with-features.inter", "K1",
    table(([e.user, e.item, "x y", 0.5, e.time] for e in MINUTES), "\t",
          header=["user_id:token", "business_id:token", "words:token_seq", "useful:float",
                  "date:float"]))


def prefixes():
    rows = []
    for u, items in SEQUENCES.items():
        for n in range(1, len(items)):
            rows.append([u, " ".join(map(str, items[:n])), items[n]])
    return rows


add("recbole-sequences.inter", "K5",
    table(prefixes(), "\t", header=["session_id:token", "item_id_list:token_seq",
                                    "item_id:token"]))
add("histories.csv", "K5",
    "".join(",".join("i%d" % i for i in items) + "\n" for items in SEQUENCES.values()),
    expected={str(n + 1): ["i%d" % i for i in items]
              for n, items in enumerate(SEQUENCES.values())})
add("json-lists.txt", "K5",
    "".join(json.dumps(items) + "\n" for items in SEQUENCES.values()),
    expected={str(n + 1): [str(i) for i in items] for n, items in enumerate(SEQUENCES.values())})
add("json-list-of-lists.json", "K5", json.dumps(list(SEQUENCES.values())), want="refuse",
    part="--format")
add("json-user-lists.json", "K5",
    json.dumps({"u%d" % u: items for u, items in SEQUENCES.items()}),
    lambda u: "u%d" % u, want="read-or-ask")
add("tuples.txt", "K5",
    "".join("(%d, %d, %d)\n" % (e.user, e.item, e.time) for e in MINUTES),
    want="read-or-ask")

# --- Tools that write tables -------------------------------------------------------------------

add("pandas-index.csv", "K1",
    table(([n, e.user, e.item, e.rating, iso(e, " ")] for n, e in enumerate(MINUTES)),
          header=["", "user", "item", "rating", "when"]))
add("pandas-unnamed-0.csv", "K1",
    table(([n, e.item, e.user, e.time] for n, e in enumerate(MINUTES)),
          header=["Unnamed: 0", "item", "user", "time"]))
add("pandas-index-no-header.csv", "K2",
    table([n, 100 + e.user, 500 + e.item, e.time] for n, e in enumerate(MINUTES)),
    lambda u: str(100 + u), lambda i: str(500 + i), want="read-or-ask",
    answer=["--user-column", "2", "--item-column", "3"])
add("pandas-float-ids.csv", "K1",
    table(([n, e.user, e.item, "" if e.rating == 3 else float(e.rating), e.time]
           for n, e in enumerate(MINUTES)), header=["", "user_id", "item_id", "rating", "ts"]),
    want="read-or-ask", answer=["--rating-column", "-"])
add("r-write.table.txt", "K1",
    table((['"%d"' % (n + 1), '"u%d"' % e.user, '"i%d"' % e.item, e.rating, e.time]
           for n, e in enumerate(MINUTES)), " ",
          header=['"user"', '"item"', '"rating"', '"timestamp"']).replace('"""', '"'),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("r-write.csv", "K1",
    table((["%d" % (n + 1), "u%d" % e.user, "i%d" % e.item, e.rating, iso(e, " ")]
           for n, e in enumerate(MINUTES)), quote_all=True,
          header=['""', '"customer"', '"product"', '"stars"', '"date"']),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("r-write.csv2.csv", "K10",
    table(([n + 1, "u%d" % e.user, "i%d" % e.item, "%d,5" % e.rating,
            e.moment.strftime("%d.%m.%Y %H:%M:%S")] for n, e in enumerate(MINUTES)), ";",
          header=['""', '"customer"', '"product"', '"price"', '"date"']),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("excel-sep.csv", "K14",
    "sep=;\r\n" + table(([e.user, e.item, e.moment.strftime("%d.%m.%Y %H:%M"), "%d,50" % e.rating]
                         for e in MINUTES), ";", header=["user", "item", "time", "amount"],
                        end="\r\n"))
add("excel-sep-comma.csv", "K14",
    "SEP=,\n" + table(([e.user, e.item, e.time] for e in MINUTES),
                      header=["user", "item", "time"]))
add("decimal-commas-no-header.csv", "K14",
    table(([e.user, e.item, "%d,5" % e.rating, e.moment.strftime("%d.%m.%Y %H:%M:%S")]
           for e in MINUTES), ";"))
add("decimal-commas-in-pipes.psv", "K14",
    table((["u%d" % e.user, "i%d" % e.item, "%d,5" % e.rating, e.time] for e in MINUTES), "|"),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("lists-of-one-length.csv", "K5",
    "".join("%d,%s\n" % (u, ";".join(str(i) for i in range(u, u + 6))) for u in range(1, 31)),
    expected={str(u): [str(i) for i in range(u, u + 6)] for u in range(1, 31)})
add("time-of-registration-first.csv", "K2",
    table(([1_200_000_000 + 7 * e.user, e.user, e.item, e.time] for e in MINUTES),
          header=["created_at", "user_id", "item_id", "viewed_at"]))
add("time-of-publication-first.csv", "K2",
    table(([1_200_000_000 + 7 * e.item, e.user, e.item, e.time] for e in MINUTES),
          header=["time", "user_id", "article_id", "clicked"]))
add("excel-german.csv", "K10",
    "\ufeff" + table((["K-%04d" % e.user, "A%05d" % e.item, e.moment.strftime("%d.%m.%Y"),
                       e.moment.strftime("%H:%M:%S"), "%d,00" % e.rating] for e in MINUTES), ";",
                     header=["Kundennummer", "Artikelnummer", "Datum", "Uhrzeit", "Menge"],
                     end="\r\n"),
    lambda u: "K-%04d" % u, lambda i: "A%05d" % i, want="read-or-ask",
    answer=["--user-column", "Kundennummer", "--item-column", "Artikelnummer"])
add("german-order-export.csv", "K1",
    table((["R%d" % n, e.moment.strftime("%d.%m.%Y %H:%M"), "Müller, %d" % e.user,
            "Käse %d" % e.item, 3] for n, e in enumerate(MINUTES)), ";",
          header=["Rechnung", "Bestelldatum", "Kunde", "Artikel", "Anzahl"]),
    lambda u: "Müller, %d" % u, lambda i: "Käse %d" % i, encoding="cp1252")
add("french.csv", "K1",
    table((["%d" % e.user, e.moment.strftime("%d/%m/%Y %H:%M:%S"), "p%d" % e.item, "2,50"]
           for e in MINUTES), ";", header=["client", "date_achat", "produit", "prix"]),
    item=lambda i: "p%d" % i)
add("french-id.csv", "K1",
    table(([e.time, "p%d" % e.item, "c%d" % e.user] for e in MINUTES), "\t",
          header=["horodatage", "identifiant_produit", "identifiant_client"]),
    lambda u: "c%d" % u, lambda i: "p%d" % i)
add("spanish.csv", "K1",
    table((["c%d" % e.user, "p%d" % e.item, iso(e, " "), 4] for e in MINUTES),
          header=["cliente", "producto", "fecha", "cantidad"]),
    lambda u: "c%d" % u, lambda i: "p%d" % i)
add("spanish-usuario.csv", "K1",
    table(([e.rating, "p%d" % e.item, "c%d" % e.user, iso(e, " ")] for e in MINUTES),
          header=["puntuación", "id_artículo", "id_usuario", "fecha_hora"]),
    lambda u: "c%d" % u, lambda i: "p%d" % i, want="read-or-ask",
    answer=["--user-column", "id_usuario", "--item-column", "id_artículo"])
add("chinese.csv", "K1",
    table((["u%d" % e.user, "g%d" % e.item, iso(e, " "), "购买"] for e in MINUTES),
          header=["用户ID", "商品ID", "时间", "行为"]),
    lambda u: "u%d" % u, lambda i: "g%d" % i, want="read-or-ask",
    answer=["--user-column", "用户ID", "--item-column", "商品ID"])
add("chinese-item-first-gbk.csv", "K1",
    table((["g%d" % e.item, "u%d" % e.user, e.time] for e in MINUTES),
          header=["商品编号", "用户编号", "时间戳"]),
    lambda u: "u%d" % u, lambda i: "g%d" % i, want="read-or-ask",
    answer=["--user-column", "用户编号", "--item-column", "商品编号"])
add("unknown-names.csv", "K1",
    table((["q%d" % e.item, "w%d" % e.user, e.time] for e in MINUTES),
          header=["foo", "bar", "baz"]),
    lambda u: "w%d" % u, lambda i: "q%d" % i, want="ask",
    answer=["--user-column", "bar", "--item-column", "foo"])
add("portuguese.csv", "K1",
    table((["p%d" % e.item, "c%d" % e.user, iso(e, " ")] for e in MINUTES),
          header=["produto", "cliente", "data"]),
    lambda u: "c%d" % u, lambda i: "p%d" % i)
add("italian.csv", "K1",
    table((["p%d" % e.item, iso(e, " "), "c%d" % e.user] for e in MINUTES),
          header=["prodotto", "data_ora", "utente"]),
    lambda u: "c%d" % u, lambda i: "p%d" % i)

# --- Databases ---------------------------------------------------------------------------------

add("postgres-copy.txt", "K6",
    table(([uuid(e.user), e.item, "\\N" if e.rating == 2 else e.rating, iso(e, " ") + ".123456+00"]
           for e in MINUTES), "\t"), uuid, want="read-or-ask",
    answer=["--rating-column", "-"])
add("postgres-null-user.tsv", "K6",
    table((row for n, e in enumerate(MINUTES) for row in (
        [[e.user, e.item, iso(e, " ")]] + ([["\\N", e.item, iso(e, " ")]] if n % 30 == 0 else []))),
          "\t", header=["user_id", "item_id", "created_at"]),
    want="ask", answer=["--keep", "user_id!=\\N"])
add("psql-table.txt", "K6",
    table([[" %-7s" % "user_id", " item_id ", "     created_at      "],
           ] + [[" %7d" % e.user, " %7d " % e.item, " " + iso(e, " ")] for e in MINUTES], "|")
    .replace("\n", "\n---------+---------+---------------------\n", 1) + "(100 rows)\n\n",
    want="read-or-ask", answer=["--on-bad-row", "skip"])
add("hive.txt", "K2",
    table(([e.user, e.item, e.rating, e.time] for e in MINUTES), "\x01"))
add("hive-header.txt", "K1",
    table(([e.item, e.time, e.user] for e in MINUTES), "\x01",
          header=["log.item_id", "log.event_time", "log.user_id"]))
add("mysql-outfile.txt", "K6",
    table((["u%d" % e.user, "i%d" % e.item, iso(e, " ")] for e in MINUTES), quote_all=True),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("mysql-batch.tsv", "K1",
    table(([n + 1, e.user, e.item, iso(e, " ")] for n, e in enumerate(MINUTES)), "\t",
          header=["id", "user_id", "product_id", "created_at"]))
add("mysqldump.sql", "K14",
    "-- MySQL dump 10.13\n\nDROP TABLE IF EXISTS `log`;\nCREATE TABLE `log` (\n  `user` int,\n"
    "  `item` int,\n  `time` int\n);\nINSERT INTO `log` VALUES "
    + ",".join("(%d,%d,%d)" % (e.user, e.item, e.time) for e in MINUTES) + ";\n",
    want="refuse", part="")
add("sqlite-list.txt", "K2",
    table(([e.user, e.item, e.time] for e in MINUTES), "|"))
add("oracle.csv", "K10",
    table(([e.user, e.item, e.moment.strftime("%d-%b-%Y %H:%M:%S").upper()] for e in MINUTES),
          header=["USER_ID", "PRODUCT_ID", "ORDER_DATE"]))
add("snowflake.csv", "K10",
    table((["u%d" % e.user, "i%d" % e.item, iso(e, " ") + ".000 -0700"] for e in MINUTES),
          quote_all=True, header=['"USER_ID"', '"ITEM_ID"', '"EVENT_TS"']),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("bigquery.csv", "K10",
    table((["u%d" % e.user, "i%d" % e.item, iso(e, " ") + ".123456 UTC"] for e in MINUTES),
          header=["user_pseudo_id", "item_id", "event_time"]),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("bigquery-micros.csv", "K11",
    table(([e.moment.strftime("%Y%m%d"), e.time * 1000000 + 123456, "view_item",
            "GA.%d.%d" % (e.user, e.user * 77), "i%d" % e.item] for e in MINUTES),
          header=["event_date", "event_timestamp", "event_name", "user_pseudo_id", "item_id"]),
    lambda u: "GA.%d.%d" % (u, u * 77), lambda i: "i%d" % i)
add("clickhouse.tsv", "K10",
    table(([iso(e, " ") + ".%03d" % (e.rating * 9), e.user, e.item] for e in MINUTES), "\t",
          header=["event_time", "user_id", "item_id"]))
add("spark-part.csv", "K10",
    table([e.user, e.item, iso(e, zone=".000Z")] for e in MINUTES))
add("sqlserver.csv", "K10",
    table(([e.user, e.item, iso(e, " ") + ".1230000"] for e in MINUTES), ";",
          header=["UserId", "ItemId", "CreatedOn"]))
add("mongoexport.json", "K8",
    lines_of({"_id": {"$oid": "%024x" % n}, "userId": {"$numberLong": str(e.user)},
              "itemId": "i%d" % e.item, "createdAt": {"$date": iso(e, zone=".000Z")}}
             for n, e in enumerate(MINUTES)), item=lambda i: "i%d" % i, want="read-or-ask",
    answer=["--user-column", "userId.$numberLong", "--item-column", "itemId"])
add("mongoexport-array.json", "K8",
    json.dumps([{"_id": "%024x" % n, "user": {"id": "u%d" % e.user, "name": "x"},
                 "product": {"id": "i%d" % e.item, "price": 3.5}, "created_at": {"$date":
                 e.time * 1000}} for n, e in enumerate(MINUTES)], indent=2),
    lambda u: "u%d" % u, lambda i: "i%d" % i)

# --- Events of web analytics -------------------------------------------------------------------

add("ga4.jsonl", "K8",
    lines_of({"event_date": e.moment.strftime("%Y%m%d"), "event_timestamp": str(e.time * 1000000),
              "event_name": "view_item", "event_params": [{"key": "page_location", "value":
              {"string_value": "https://x"}}], "user_id": None, "user_pseudo_id":
              "1%d.2" % e.user, "device": {"category": "mobile"},
              "items": [{"item_id": "SKU%d" % e.item, "item_name": "Cup", "price": 2.5}]}
             for e in MINUTES), lambda u: "1%d.2" % u, lambda i: "SKU%d" % i)
add("segment-track.jsonl", "K8",
    lines_of({"anonymousId": uuid(e.user + 50), "event": "Product Viewed", "messageId": uuid(n),
              "originalTimestamp": iso(e, zone=".123Z"), "properties": {"product_id":
              "p%d" % e.item, "name": "Mug", "price": 3}, "receivedAt": iso(e, zone=".923Z"),
              "sentAt": iso(e, zone=".823Z"), "timestamp": iso(e, zone=".223Z"), "type": "track",
              "userId": "u%d" % e.user} for n, e in enumerate(MINUTES)),
    lambda u: "u%d" % u, lambda i: "p%d" % i)
add("segment-anonymous.jsonl", "K8",
    lines_of({"anonymousId": uuid(e.user), "event": "Product Viewed", "messageId": uuid(n),
              "properties": {"product_id": "p%d" % e.item}, "timestamp": iso(e, zone=".223Z"),
              "userId": None} for n, e in enumerate(MINUTES)),
    uuid, lambda i: "p%d" % i, want="read-or-ask", answer=["--user-column", "anonymousId"])
add("matomo.json", "K8",
    json.dumps([{"idVisit": str(u + 900), "visitorId": sha1(u)[:16], "serverDate": "2008-10-26",
                 "actionDetails": [{"type": "action", "url": "https://x/%d" % i, "pageTitle": "T",
                                    "productSku": "sku%d" % i, "timestamp": 1225000000 + 60 * n}
                                   for n, i in enumerate(items)]}
                for u, items in SEQUENCES.items()]),
    lambda u: sha1(u)[:16], lambda i: "sku%d" % i, want="read-or-ask",
    answer=["--user-column", "visitorId", "--item-column", "actionDetails.productSku"])
add("mixpanel.jsonl", "K8",
    lines_of({"event": "View", "properties": {"time": e.time, "distinct_id": "u%d" % e.user,
              "$browser": "Chrome", "item_id": e.item}} for e in MINUTES),
    lambda u: "u%d" % u, want="read-or-ask",
    answer=["--user-column", "properties.distinct_id"])
add("amplitude.jsonl", "K8",
    lines_of({"user_id": "u%d" % e.user, "device_id": uuid(e.user), "event_time": iso(e, " ") +
              ".123000", "event_type": "view", "session_id": 1225000000000 + e.user,
              "event_properties": {"item_id": "i%d" % e.item}, "server_upload_time":
              "2009-01-01 00:00:00.000000"} for e in MINUTES),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("snowplow.tsv", "K1",
    table((["web", iso(e, " ") + ".012", iso(e, " ") + ".%03d" % (n % 7), "page_view", uuid(n),
            sha1(e.user)[:16], "p%d" % e.item] for n, e in enumerate(MINUTES)), "\t",
          header=["platform", "etl_tstamp", "collector_tstamp", "event", "event_id",
                  "domain_userid", "product_id"]), lambda u: sha1(u)[:16], lambda i: "p%d" % i)
add("kafka-dump.jsonl", "K8",
    lines_of({"topic": "events", "partition": n % 3, "offset": n, "key": "u%d" % e.user,
              "timestamp": e.time * 1000 + 3, "value": {"user": "u%d" % e.user, "item":
              {"id": e.item, "type": "book"}, "ts": e.time * 1000}}
             for n, e in enumerate(MINUTES)), lambda u: "u%d" % u)
add("kafka-console.txt", "K8",
    "".join("u%d\t%s\n" % (e.user, json.dumps({"user": "u%d" % e.user, "item": e.item,
                                              "ts": e.time})) for e in MINUTES),
    lambda u: "u%d" % u, want="read-or-ask")
add("debezium.jsonl", "K8",
    lines_of({"before": None, "after": {"id": n, "user_id": e.user, "product_id": e.item,
              "created_at": e.time * 1000000}, "op": "c", "ts_ms": 1300000000000 + n}
             for n, e in enumerate(MINUTES)))
add("nested-user.jsonl", "K8",
    lines_of({"user": {"id": e.user, "age": 30}, "item": {"id": "i%d" % e.item},
              "context": {"time": iso(e, zone="+02:00")}} for e in MINUTES),
    item=lambda i: "i%d" % i)
add("interactions-of-user.jsonl", "K5",
    lines_of({"user": "u%d" % u, "interactions": [
        {"item": e.item, "rating": e.rating, "time": iso(e)} for e in BY_MINUTES if e.user == u]}
             for u in SEQUENCES), lambda u: "u%d" % u)
add("history-and-times.jsonl", "K5",
    lines_of({"uid": u, "items": [e.item for e in MINUTES if e.user == u],
              "timestamps": [e.time for e in MINUTES if e.user == u]} for u in SEQUENCES))
add("json-columns.json", "K14",
    json.dumps({"user": [e.user for e in MINUTES], "item": [e.item for e in MINUTES],
                "timestamp": [e.time for e in MINUTES]}), want="read-or-ask")
add("json-records.json", "K8",
    json.dumps({"data": [{"user": e.user, "item": e.item, "timestamp": e.time}
                         for e in MINUTES]}), want="read-or-ask")
add("json-pandas-split.json", "K14",
    json.dumps({"columns": ["user", "item", "ts"], "index": list(range(100)),
                "data": [[e.user, e.item, e.time] for e in MINUTES]}), want="refuse", part="")
add("elasticsearch.jsonl", "K8",
    lines_of({"_index": "logs", "_id": uuid(n), "_source": {"@timestamp": iso(e, zone=".000Z"),
              "user": {"id": "u%d" % e.user}, "product": {"sku": "s%d" % e.item}}}
             for n, e in enumerate(MINUTES)), lambda u: "u%d" % u, lambda i: "s%d" % i)
add("single-quotes.jsonl", "K5",
    "".join("{'user': %d, 'item': 'i%d', 'time': %d.0}\n" % (e.user, e.item, e.time)
            for e in MINUTES), item=lambda i: "i%d" % i)
add("json-big-numbers.jsonl", "K7",
    lines_of({"user_id": 76561198000000000 + e.user, "item_id": 12345678901234567000 + e.item,
              "timestamp": e.time + 0.25} for e in MINUTES),
    lambda u: str(76561198000000000 + u), lambda i: str(12345678901234567000 + i))
add("json-float-ids.jsonl", "K7",
    "".join('{"user": %d.0, "item": %d.0, "ts": %d}\n' % (e.user, e.item, e.time)
            for e in MINUTES), want="read-or-ask", user=lambda u: "%d" % u)
add("json-true-false.jsonl", "K7",
    lines_of({"user": e.user, "item": e.item, "liked": True, "ts": e.time, "rating": None}
             for e in MINUTES))

# --- Ids ---------------------------------------------------------------------------------------

for label, user, item in (
        ("leading-zeros", lambda u: "%08d" % u, lambda i: "%06d" % i),
        ("uuid", uuid, lambda i: uuid(i + 500)),
        ("negative", lambda u: str(-u), lambda i: str(-1000 - i)),
        ("inner-blanks", lambda u: "Ann B. %d" % u, lambda i: "The Thing %d" % i),
        ("emails-urls", lambda u: "u%d@x.org" % u, lambda i: "https://x.org/a?b=%d&c=1" % i),
        ("decimals", lambda u: "%d.0" % u, lambda i: "%d.0" % i),
        ("hex", lambda u: "%016x" % (u * 0x9E3779B97F4A7C15 % 2**64), lambda i: "0x%x" % i),
        ("commas-quotes", lambda u: 'O"Neil, %d' % u, lambda i: '"%d", "x"' % i),
        ("dates-as-items", lambda u: "u%d" % u, lambda i: "2008-10-%02d" % i),
        ("long-numbers", lambda u: "%d" % (10**29 + u), lambda i: "%d" % (10**19 + i)),
        ("like-times", lambda u: str(1225000000 + u), lambda i: str(1300000000 + i)),
        ("compact-dates", lambda u: str(20080100 + u), lambda i: str(20081000 + i)),
        ("chinese", lambda u: "用户%d" % u, lambda i: "商品 %d" % i),
        ("percent-hash", lambda u: "#%d" % u, lambda i: "%%%d" % i),
        ("slashes", lambda u: "//%d" % u, lambda i: "a/b/%d" % i),
        ("colons", lambda u: "u:%d" % u, lambda i: "ns::%d" % i),
        ("brackets", lambda u: "[%d]" % u, lambda i: "(%d)" % i)):
    add("ids-%s.csv" % label, "K6",
        table(([user(e.user), item(e.item), e.rating, e.time] for e in MINUTES),
              header=["user_id", "item_id", "rating", "timestamp"]), user, item)
    add("ids-%s.tsv" % label, "K2",
        table(([user(e.user), item(e.item), e.time] for e in MINUTES), "\t"), user, item,
        want="read-or-ask", answer=["--format", "table"] if label == "brackets" else
        ["--user-column", "1", "--item-column", "2"])

# --- Times -------------------------------------------------------------------------------------


def hour12(e):
    return e.moment.strftime("%I:%M:%S %p")


for label, form in (
        ("iso-z", lambda e: iso(e, zone="Z")), ("iso-offset", lambda e: iso(e, zone="+0100")),
        ("iso-minutes", lambda e: e.moment.strftime("%Y-%m-%d %H:%M")),
        ("month-first", lambda e: e.moment.strftime("%m/%d/%Y %H:%M:%S")),
        ("day-first", lambda e: e.moment.strftime("%d/%m/%Y %H:%M")),
        ("day-first-dashes", lambda e: e.moment.strftime("%d-%m-%Y %H:%M")),
        ("12-hours", lambda e: e.moment.strftime("%m/%d/%Y ") + hour12(e)),
        ("12-hours-iso", lambda e: e.moment.strftime("%Y-%m-%d ") + hour12(e)),
        ("rfc-2822", lambda e: e.moment.strftime("%a, %d %b %Y %H:%M:%S +0000")),
        ("http", lambda e: e.moment.strftime("%a, %d %b %Y %H:%M:%S GMT")),
        ("apache", lambda e: e.moment.strftime("[%d/%b/%Y:%H:%M:%S +0000]")),
        ("month-name", lambda e: e.moment.strftime("%b %d, %Y ") + hour12(e)),
        ("month-name-long", lambda e: e.moment.strftime("%B %d, %Y %H:%M:%S")),
        ("dots", lambda e: e.moment.strftime("%d.%m.%Y, %H:%M:%S")),
        ("slashes-year", lambda e: e.moment.strftime("%Y/%m/%d %H:%M:%S")),
        ("compact-14", lambda e: e.moment.strftime("%Y%m%d%H%M%S")),
        ("compact-iso", lambda e: e.moment.strftime("%Y%m%dT%H%M%SZ")),
        ("seconds", lambda e: e.time), ("seconds-float", lambda e: "%d.25" % e.time),
        ("exponent", lambda e: "%.10e" % e.time), ("nanoseconds", lambda e: e.time * 10**9),
        ("milliseconds-float", lambda e: "%d.0" % (e.time * 1000)),
        ("milliseconds-exponent", lambda e: "%.12E" % (e.time * 1000))):
    unknown = {"want": "ask", "answer": ["--time-format", "[%d/%b/%Y:%H:%M:%S %z]"]} \
        if label == "apache" else {}
    add("time-%s.csv" % label, "K10",
        table(([e.user, e.item, form(e)] for e in MINUTES), header=["user", "item", "event_time"]),
        **unknown)
    add("time-%s.tsv" % label, "K10",
        table(([e.user, form(e), "i%d" % e.item] for e in MINUTES), "\t"),
        item=lambda i: "i%d" % i,
        **({"want": "refuse", "part": "--item-column"} if unknown else {}))
add("time-date-and-time.csv", "K3",
    table(([e.user, e.item, e.moment.date(), e.moment.strftime("%H:%M:%S")] for e in MINUTES),
          header=["user", "item", "date", "time"]))
add("time-date-and-time-no-header.tsv", "K3",
    table(([e.moment.date(), e.moment.strftime("%H:%M:%S"), e.user, e.item] for e in MINUTES),
          "\t"))
add("time-date-and-hour.csv", "K3",
    table(([e.user, e.item, e.moment.strftime("%Y%m%d"), e.moment.strftime("%H%M")]
           for e in MINUTES), header=["user", "item", "day", "hourmin"]))
add("time-ambiguous.csv", "K10",
    table(([e.user, e.item, "%02d/%02d/2008" % (3 + (e.time // 86400) % 9, e.rating)]
           for e in DAYS), header=["user", "item", "date"]),
    want="refuse", part="--time-format %d/%m/%Y")
add("time-two-digit-year.csv", "K10",
    table(([e.user, e.item, e.moment.strftime("%m/%d/%y %H:%M")] for e in MINUTES),
          header=["user", "item", "date"]), want="ask", answer=["--time-format", "%m/%d/%y"])
add("time-missing-some.csv", "K11",
    table((row for n, e in enumerate(MINUTES) for row in (
        [[e.user, e.item, iso(e)]] + ([[e.user, e.item, ""]] if n % 30 == 7 else []))),
          header=["user", "item", "date"]), want="ask", answer=["--on-bad-row", "skip"])
add("time-unknown-form.csv", "K14",
    table(([e.user, e.item, "T%d!" % e.time] for e in MINUTES),
          header=["user", "item", "timestamp"]), want="refuse", part="--time-format")
add("time-ticks.csv", "K11",
    table(([e.user, e.item, e.time - 1225000000] for e in MINUTES),
          header=["user", "item", "timestamp"]))
add("time-two.csv", "K4",
    table(([e.user, e.item, iso(e), "2009-01-%02d" % (e.rating + 1)] for e in MINUTES),
          header=["user", "item", "created_at", "updated_at"]))
add("time-updated-first.csv", "K3",
    table(([e.user, "2009-01-%02d 10:00:0%d" % (e.rating + 1, e.rating), iso(e, " "), e.item]
           for e in MINUTES), header=["user", "updated_at", "created_at", "item"]))
add("time-birthday.csv", "K3",
    table(([e.user, "19%d-05-0%d" % (50 + e.user, e.user % 9 + 1), e.item, e.time]
           for e in MINUTES), header=["user", "birthday", "item", "timestamp"]))
add("time-release-date.csv", "K3",
    table(([e.user, e.item, "20%02d-05-01 00:10:00" % (e.item % 20), iso(e, " ")]
           for e in MINUTES), header=["user", "item", "release_date", "watched"]))
add("time-year-only.csv", "K3",
    table(([e.user, e.item, 1990 + e.item] for e in BY_USER), header=["user", "item", "year"]))
add("time-weekday.csv", "K3",
    table(([e.user, e.item, e.moment.hour, e.moment.weekday()] for e in BY_USER),
          header=["user", "item", "hour", "day_of_week"]))
add("time-rank.csv", "K3",
    table(([e.user, e.item, n] for n, e in enumerate(BY_USER)),
          header=["user", "item", "position"]))

# --- Separators, comments, headers -------------------------------------------------------------

for label, separator in (("tilde", "~"), ("hash", "#"), ("double-tab", "\t\t"), ("caret", "^"),
                         ("arrow", " -> "), ("double-semicolon", ";;"), ("pipe-blank", " | "),
                         ("comma-blank", ", "), ("double-pipe", "||"), ("ff", "\x02"),
                         ("section", "§"), ("triple-pipe", "|||"), ("semicolon-blank", "; ")):
    add("separator-%s.txt" % label, "K2",
        table(([e.user, e.item, e.rating, e.time] for e in MINUTES), separator),
        want="read-or-ask", answer=["--separator", separator])
add("fixed-width.txt", "K6",
    "".join("%6d %8d %4d %12d\n" % (e.user, e.item, e.rating, e.time) for e in MINUTES))
add("tabs-and-blanks.txt", "K6",
    "".join("%d \t%d \t %d\n" % (e.user, e.item, e.time) for e in MINUTES))
add("comments.txt", "K16",
    "# A log\n# from somewhere\n#\n" + table(([e.user, e.item, e.time] for e in MINUTES), "\t"))
add("comment-header.tsv", "K16",
    "#item\tuser\ttimestamp\n" + table(([e.item, e.user, e.time] for e in MINUTES), "\t"))
add("comment-header-percent.txt", "K16",
    "% bip weighted\n% 100 14 24\n" + table(([e.user, e.item, e.rating, e.time] for e in MINUTES),
                                             " "))
add("header-hash-blank.csv", "K16",
    "# item, user, time\n" + table([e.item, e.user, e.time] for e in MINUTES))
add("header-later-repeats.csv", "K16",
    "".join(("user,item,time\n" if n % 20 == 0 else "") + "%d,%d,%d\n" % (e.user, e.item, e.time)
            for n, e in enumerate(MINUTES)))
add("header-quoted-other.csv", "K16",
    '"User Id","Item Id","Event Time"\n' + table([e.user, e.item, e.time] for e in MINUTES))
add("header-upper.csv", "K16",
    table(([e.item, e.user, e.time] for e in MINUTES), header=["ITEMID", "USERID", "TS"]))
add("header-types.csv", "K16",
    table(([e.item, e.user, e.time] for e in MINUTES),
          header=["item_id:string", "user_id:string", "ts:long"]))
add("header-prefixes.csv", "K16",
    table(([e.item, e.user, e.time] for e in MINUTES),
          header=["t.item_id", "t.user_id", "t.event_ts"]))
add("header-shorter.csv", "K16",
    table(([e.user, e.item, e.time, "x"] for e in MINUTES), header=["user", "item", "time"]),
    want="read-or-ask")
add("header-twice-same-name.csv", "K16",
    table(([e.user, e.item, e.time, e.item + 1] for e in MINUTES),
          header=["user", "item", "time", "item"]), want="read-or-ask",
    answer=["--item-column", "2"])
add("header-title-lines.csv", "K16",
    "Report of interactions\nExported on 2010-01-01\n\n"
    + table(([e.item, e.user, e.time] for e in MINUTES), header=["item", "user", "time"]),
    want="read-or-ask")
add("footer-total.csv", "K16",
    table(([e.user, e.item, e.time] for e in MINUTES), header=["user", "item", "time"])
    + "Total: 100\n", want="ask", answer=["--on-bad-row", "skip"])
add("text-ids-no-header.csv", "K16",
    table([["ann", "book", "5"]] + [["u%d" % e.user, "i%d" % e.item, e.rating] for e in BY_USER]),
    expected={"ann": ["book"], **{"u%d" % u: ["i%d" % i for i in items]
                                  for u, items in SEQUENCES.items()}})
add("only-text-no-header.csv", "K16",
    table(["u%d" % e.user, "i%d" % e.item] for e in BY_USER),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("only-text-header.csv", "K16",
    table((["i%d" % e.item, "u%d" % e.user] for e in BY_USER), header=["item", "user"]),
    lambda u: "u%d" % u, lambda i: "i%d" % i)
add("markdown.md", "K14",
    "| user | item | time |\n|---|---|---|\n" + "".join("| %d | %d | %d |\n" %
                                                        (e.user, e.item, e.time) for e in MINUTES),
    want="read-or-ask", answer=["--on-bad-row", "skip"])
add("html.html", "K14",
    "<html><body><table>\n" + "".join("<tr><td>%d</td><td>%d</td></tr>\n" % (e.user, e.item)
                                       for e in MINUTES) + "</table></body></html>\n",
    want="refuse", part="")
add("libsvm.txt", "K14",
    "".join("%d %s\n" % (u, " ".join("%d:1" % i for i in items)) for u, items in SEQUENCES.items()),
    item=lambda i: "%d:1" % i, want="read-or-ask")
add("matrix-market.mtx", "K14",
    "%%MatrixMarket matrix coordinate integer general\n%\n14 24 100\n"
    + table(([e.user, e.item, e.rating] for e in BY_USER), " "), want="read-or-ask",
    answer=[])
add("user-pipe-list.txt", "K5",
    "".join("%d|%s\n" % (u, ",".join(map(str, items))) for u, items in SEQUENCES.items()))
add("user-semicolon-list.csv", "K5",
    "".join("u%d;%s\n" % (u, ",".join("i%d" % i for i in items))
            for u, items in SEQUENCES.items()), lambda u: "u%d" % u, lambda i: "i%d" % i)
add("user-colon-commas.txt", "K5",
    "".join("%d: %s\n" % (u, ", ".join(map(str, items))) for u, items in SEQUENCES.items()))
add("user-colon-tight.txt", "K5",
    "".join("%d:%s\n" % (u, ",".join(map(str, items))) for u, items in SEQUENCES.items()),
    want="read-or-ask")
add("user-history-header.tsv", "K5",
    table(([u, " ".join(map(str, items))] for u, items in SEQUENCES.items()), "\t",
          header=["user_id", "history"]))
add("user-items-times.csv", "K5",
    table(([u, " ".join(str(e.item) for e in BY_MINUTES if e.user == u),
            " ".join(str(e.time) for e in BY_MINUTES if e.user == u)] for u in SEQUENCES),
          header=["user", "item_list", "time_list"]))
add("user-python-list.csv", "K5",
    table(([u, str(["i%d" % i for i in items])] for u, items in SEQUENCES.items()),
          header=["user", "items"]), item=lambda i: "i%d" % i)
add("user-numpy-list.csv", "K5",
    table(([u, "[" + " ".join("%2d" % i for i in items) + "]"] for u, items in SEQUENCES.items()),
          header=["user", "items"]))
add("user-set.csv", "K5",
    table(([u, "{" + ",".join(map(str, items)) + "}"] for u, items in SEQUENCES.items()), "\t",
          header=["user", "items"]), want="read-or-ask")
add("basket-rows.csv", "K5",
    table(([e.user, e.moment, "%d|%d" % (e.item, e.item % 24 + 1)] for e in MINUTES),
          header=["user", "time", "basket"]), want="refuse", part="item")

# --- Several files -----------------------------------------------------------------------------

HALF = len(MINUTES) // 2
PARTS = [table(([e.user, e.item, e.time] for e in part), header=["user", "item", "time"])
         for part in (MINUTES[:HALF], MINUTES[HALF:])]
add("part-00000.csv", "K12", PARTS[0], others=[("part-00001.csv", PARTS[1])],
    reading=["part-00000.csv", "part-00001.csv"])
add("day-1.csv", "K12", PARTS[0], others=[("day-2.csv", PARTS[1])], reading=["day-?.csv"])
add("other-columns-1.csv", "K12", PARTS[0], others=[("other-columns-2.csv", table(
    ([e.item, e.user, e.time] for e in MINUTES[HALF:]), header=["item", "user", "time"]))],
    reading=["other-columns-1.csv", "other-columns-2.csv"], want="read-or-ask")
add("headerless-1.csv", "K12", PARTS[0], others=[("headerless-2.csv", table(
    [e.user, e.item, e.time] for e in MINUTES[HALF:]))],
    reading=["headerless-1.csv", "headerless-2.csv"], want="read-or-ask")

# --- More public data sets ---------------------------------------------------------------------

add("rees46.csv", "K1",
    table(([iso(e, " ") + " UTC", "view", e.item, 2053013555631882655, "electronics.phone", "apple",
            9.9, e.user, uuid(e.user * 50 + e.item)] for e in MINUTES),
          header=["event_time", "event_type", "product_id", "category_id", "category_code", "brand",
                  "price", "user_id", "user_session"]))
add("beeradvocate.csv", "K1",
    table(([10325 + e.item % 4, "Vecchio", e.time, e.rating, e.rating, "user %d" % e.user, "Lager",
            "Beer %d" % e.item, 5.0, e.item] for e in MINUTES),
          header=["brewery_id", "brewery_name", "review_time", "review_overall", "review_aroma",
                  "review_profilename", "beer_style", "beer_name", "beer_abv", "beer_beerid"]),
    lambda u: "user %d" % u)
add("airbnb-reviews.csv", "K1",
    table(([e.item, n + 30000, e.moment.date(), e.user, "Ann", "great,\nreally"]
           for n, e in enumerate(DAYS)),
          header=["listing_id", "id", "date", "reviewer_id", "reviewer_name", "comments"]),
    events=BY_DAYS)
add("food-interactions.csv", "K1",
    table(([e.user, e.item, e.moment.date(), e.rating, "nice, \"good\""] for e in DAYS),
          header=["user_id", "recipe_id", "date", "rating", "review"]), events=BY_DAYS)
add("outbrain-page_views.csv", "K1",
    table((["%x" % (e.user * 7919 + 10**12), e.item, e.time - 1225000000, 1, "US>SC>519", 2]
           for e in MINUTES),
          header=["uuid", "document_id", "timestamp", "platform", "geo_location",
                  "traffic_source"]),
    lambda u: "%x" % (u * 7919 + 10**12), want="read-or-ask", answer=["--user-column", "uuid"])
add("trivago.csv", "K1",
    table((["U%d" % e.user, "s%d" % (e.user * 9 + n % 2), e.time, n % 9 + 1, "clickout item",
            e.item, "DE", "Rome, Italy"] for n, e in enumerate(MINUTES)),
          header=["user_id", "session_id", "timestamp", "step", "action_type", "reference",
                  "platform", "city"]), lambda u: "U%d" % u)
add("lastfm-hetrec-user_artists.dat", "K1",
    table(([e.user, e.item, 13000 + e.rating] for e in BY_USER), "\t",
          header=["userID", "artistID", "weight"]))
add("kkbox-train.csv", "K1",
    table(([sha1(e.user), sha1(e.item), "explore", "Explore", "online", 1] for e in BY_USER),
          header=["msno", "song_id", "source_system_tab", "source_screen_name", "source_type",
                  "target"]), sha1, sha1)
add("movietweetings.dat", "K2",
    table(([e.user, "%07d" % e.item, e.rating, e.time] for e in MINUTES), "::"),
    item=lambda i: "%07d" % i)
add("pixelrec.csv", "K1",
    table((["v%d" % e.item, "u%d" % e.user, e.time] for e in MINUTES),
          header=["item_id", "user_id", "timestamp"]), lambda u: "u%d" % u, lambda i: "v%d" % i)
add("behance.txt", "K2", table(([e.user, e.item, e.time] for e in MINUTES), " "))
add("yambda.csv", "K1",
    table(([e.user, e.time - 1225000000, e.item, 0, 90, 180] for e in MINUTES),
          header=["uid", "timestamp", "item_id", "is_organic", "played_ratio_pct",
                  "track_length_seconds"]))
add("renttherunway.json", "K3",
    lines_of({"fit": "fit", "user_id": str(e.user), "bust size": "34d", "item_id": str(e.item),
              "weight": "137lbs", "rating": str(2 * e.rating), "rented for": "vacation",
              "review_text": "x", "category": "romper", "height": "5' 8\"", "size": 14,
              "review_date": e.moment.strftime("%B %d, %Y")} for e in DAYS), events=BY_DAYS)
add("expedia.csv", "K1",
    table(([iso(e, " "), 2, 3, 66, e.user, 0, 1, 9, "2014-08-27", "2014-08-31", e.item]
           for e in MINUTES),
          header=["date_time", "site_name", "posa_continent", "user_location_country", "user_id",
                  "is_mobile", "is_package", "channel", "srch_ci", "srch_co", "hotel_cluster"]),
    want="read-or-ask", answer=["--item-column", "hotel_cluster"])
add("google-play-reviews.csv", "K1",
    table((["r%d" % n, "user %d" % e.user, "good", e.rating, 0, iso(e, " "), "com.app.n%d" % e.item]
           for n, e in enumerate(MINUTES)),
          header=["reviewId", "userName", "content", "score", "thumbsUpCount", "at", "appId"]),
    lambda u: "user %d" % u, lambda i: "com.app.n%d" % i)
add("git-stars.csv", "K1",
    table((["dev%d" % e.user, "org/repo%d" % e.item, iso(e, zone="Z")] for e in MINUTES),
          header=["login", "repository", "starred_at"]),
    lambda u: "dev%d" % u, lambda i: "org/repo%d" % i)
add("stackoverflow-votes.csv", "K1",
    table(([n, e.item, 5, e.user, iso(e, zone=".000")] for n, e in enumerate(MINUTES)),
          header=["Id", "PostId", "VoteTypeId", "UserId", "CreationDate"]))
for label, order in (("time-user-item", "tui"), ("user-time-item", "uti"),
                     ("time-user-item-rating", "tuir"), ("user-item-time-rating", "uitr"),
                     ("user-item-iso", "uid"), ("iso-user-item", "dui"),
                     ("rating-user-item-time", "ruit"), ("index-user-item-rating", "nuir")):
    add("order-%s.csv" % label, "K2",
        table([{"u": 5000 + e.user, "i": e.item + 300, "t": e.time, "r": e.rating, "d": iso(e, " "),
                "n": n}[c] for c in order]
              for n, e in enumerate(MINUTES if set("td") & set(order) else BY_USER)),
        lambda u: str(5000 + u), lambda i: str(i + 300), want="read-or-ask",
        answer=["--user-column", str(order.index("u") + 1),
                "--item-column", str(order.index("i") + 1)])


# --- Groups, kinds and other columns beside the users and items ---------------------------------

add("event-id.csv","K1", table(([n, e.user, e.item, iso(e," ")] for n, e in enumerate(MINUTES)),
    header=["event_id","customer","sku","ts"]))
add("visitor-page.csv","K1", table((["s%d"%(e.user*10+n%3), e.user, e.item, e.time] for n, e in
    enumerate(MINUTES)), header=["session","visitor","page","time"]))
add("product-group.csv","K4", table(([e.item+100, e.item, e.user, e.time] for e in MINUTES),
    header=["product_group_id","product_id","user_id","time"]))
add("category-before-product.csv","K4", table(([e.item%4, e.item, e.user, e.time] for e in
    MINUTES), header=["category_id","product_id","user_id","time"]))
add("artist-before-track.csv","K4", table(([e.item%4, e.item, e.user, e.time] for e in MINUTES),
    header=["artist_id","track_id","user_id","time"]))
add("artist-name-track-name.csv","K4", table((["A%d"%(e.item%4),"T%d"%e.item, e.user, e.time] for
    e in MINUTES), header=["artist_name","track_name","user_id","time"]), item=lambda i:"T%d"%i)
add("weekday-and-click-time.csv","K3", table(([e.user, e.item, e.moment.isoweekday(), e.time] for
    e in MINUTES), header=["user_id","item_id","day","click_time"]))
add("kind-in-the-middle.csv","K2", table([e.time,"u%d"%e.user,"view","i%d"%e.item] for e in
    MINUTES), lambda u:"u%d"%u, lambda i:"i%d"%i)
add("kind-first.csv","K2", table(["view" if e.rating>2 else "buy","u%d"%e.user,"i%d"%e.item,
    e.time] for e in MINUTES), lambda u:"u%d"%u, lambda i:"i%d"%i, want="read-or-ask",
    answer=["--user-column","2","--item-column","3"])
add("kind-before-item.csv","K2", table(["u%d"%e.user,"view" if e.rating>2 else "buy","i%d"%e.item,
    e.time] for e in MINUTES), lambda u:"u%d"%u, lambda i:"i%d"%i, want="read-or-ask",
    answer=["--item-column","3"])
add("country-before-item.csv","K2", table(["u%d"%e.user,"DE" if e.user%3 else "FR","i%d"%e.item,
    e.time] for e in MINUTES), lambda u:"u%d"%u, lambda i:"i%d"%i, want="read-or-ask",
    answer=["--item-column","3"])
add("flag-before-item.csv","K2", table(["u%d"%e.user, 1 if e.rating>2 else 0,"i%d"%e.item, e.time]
    for e in MINUTES), lambda u:"u%d"%u, lambda i:"i%d"%i, want="read-or-ask",
    answer=["--item-column","3"])
add("time-user-item-price.csv","K2", table(([iso(e," "), e.user, e.item,"%d.99"%e.rating] for e in
    MINUTES),";"))
add("event-uuid-first.csv","K2", table(([uuid(e.user*100+n), e.user, e.item, iso(e," ")] for n, e
    in enumerate(MINUTES)),","), want="read-or-ask", answer=["--user-column", "2",
    "--item-column", "3"])
add("excel-serial-times.csv","K10", table(([e.user, e.item,"%.6f"%(25569+e.time/86400)] for e in
    MINUTES), header=["user","item","timestamp"]))
add("excel-serial-dates.csv","K10", table(([e.user, e.item,"%.6f"%(25569+e.time/86400)] for e in
    MINUTES), header=["user","item","date"]), want="read-or-ask", answer=["--time-column","date"])
add("blanks-in-header.csv","K6", table(([" u%d "%e.user," i%d"%e.item, e.time] for e in MINUTES),
    header=["user "," item","time"]), lambda u:"u%d"%u, lambda i:"i%d"%i)
add("invisible-characters.csv","K6", table((["u%d\u00a0"%e.user,"\u200bi%d"%e.item, e.time] for e
    in MINUTES), header=["user","item","time"]), lambda u:"u%d"%u, lambda i:"i%d"%i)
add("excel-texts.csv","K6",'user;item;time\n'+"".join('="%05d";="%05d";%s\n'%(e.user, e.item,
    iso(e," ")) for e in MINUTES), lambda u:"%05d"%u, lambda i:"%05d"%i)
add("kinds-by-keep.csv","K9", table((["u%d"%e.user,"i%d"%e.item,"click", e.time] for e in
    MINUTES), header=["user","item","event_type","time"]), lambda u:"u%d"%u, lambda i:"i%d"%i,
    options=["--keep","event_type=click,buy"])
add("pandas-numbers-columns.csv","K16", table(([e.user, e.item, e.time] for e in MINUTES),
    header=["0","1","2"]))
add("unnamed-time.csv","K16", table(([e.user, e.item, e.time] for e in MINUTES),
    header=["user_id","item_id",""]))
add("pandas-index-and-numbers.csv","K16", table(([n, e.user, e.item, e.time] for n, e in
    enumerate(MINUTES)), header=["","0","1","2"]))
add("clicked-items.csv","K5", table(([u,"|".join("i%d"%i for i in its)] for u, its in
    SEQUENCES.items()), header=["user_id","clicked_items"]), item=lambda i:"i%d"%i)
add("length-and-sequence.csv","K5", table(([u, len(its),";".join("i%d"%i for i in its)] for u, its
    in SEQUENCES.items()), header=["user_id","length","sequence"]), item=lambda i:"i%d"%i)
add("history-and-target.csv","K5", table((["u%d"%u,"i%d"%its[-1]," ".join("i%d"%i for i in
    its[:-1])] for u, its in SEQUENCES.items()), header=["user","target","history"]), lambda
    u:"u%d"%u, lambda i:"i%d"%i, want="ask", answer=["--item-column","2"])
add("pairs-in-lists.tsv","K5", table((["u%d"%u, json.dumps([[i, 1225000000+k] for k, i in
    enumerate(its)])] for u, its in SEQUENCES.items()),"\t", header=["user","items"]), lambda
    u:"u%d"%u, want="refuse", part="--item-column")
add("history-as-text.jsonl","K5", lines_of({"user":u,"history":" ".join(map(str, its))} for u, its
    in SEQUENCES.items()), want="refuse", part="--item-column")
add("actor-book.jsonl","K8",
    lines_of({"user":{"id":"u%d"%e.user,"name":"n"},"book":{"isbn":"x%d"%e.item,"title":"t"},"at":e.time}
    for e in MINUTES), lambda u:"u%d"%u, lambda i:"x%d"%i)
add("event-data.jsonl","K8",
    lines_of({"visitorId":e.user,"eventData":{"productId":e.item},"eventTime":iso(e,
    zone="Z"),"rank":n} for n, e in enumerate(MINUTES)))
add("json-true-as-id.jsonl","K7", lines_of({"user":True if e.user==1 else
    e.user,"item":e.item,"ts":e.time} for e in MINUTES), user=lambda u:"true" if u==1 else str(u))
add("utf-16.csv","K13", table(([e.user, e.item, e.time] for e in MINUTES),
    header=["user","item","time"]), encoding="utf-16")
add("german-ids.csv","K1", table((["i%d"%e.item,"u%d"%e.user, iso(e," ")] for e in MINUTES),";",
    header=["Artikel-ID","Benutzer-ID","Zeitstempel"]), lambda u:"u%d"%u, lambda i:"i%d"%i)
add("chinese-times.csv","K1", table((["i%d"%e.item,"u%d"%e.user, iso(e," ")] for e in MINUTES),
    header=["商品id","用户id","购买时间"]), lambda u:"u%d"%u, lambda i:"i%d"%i)
add("japanese.csv","K1", table((["i%d"%e.item,"u%d"%e.user, iso(e," ")] for e in MINUTES),
    header=["商品ID","顧客ID","購入日時"]), lambda u:"u%d"%u, lambda i:"i%d"%i)
add("two-blanks.txt","K2","".join("%d %d\n"%(e.user, e.item) for e in BY_USER).replace(" ","  "))
add("implicit-ones.txt","K2", table(([e.user, e.item, 1] for e in BY_USER)," "))
add("start-and-end.csv","K3", table(([e.user, e.item, iso(e," "),"%d"%(e.time+5*(99-n))] for n, e
    in enumerate(MINUTES)), header=["user_id","item_id","start_time","end_time"]))
add("month-and-when.csv","K3", table(([e.user, e.item, e.moment.strftime("%Y-%m"), e.time] for e
    in MINUTES), header=["user_id","item_id","month","when"]))
add("one-broken-line.csv","K14","".join("%d;%d;%d\n"%(e.user, e.item, e.time) if n!=40 else
    "broken\n%d;%d;%d\n"%(e.user, e.item, e.time) for n, e in enumerate(MINUTES)), want="ask",
    answer=["--on-bad-row","skip"])
add("empty-last-column.csv","K2", table(([e.user, e.item, e.rating, e.time,""] for e in
    MINUTES),","))
add("empty-first-column.psv","K2", table((["", e.user, e.item, e.time] for e in MINUTES),"|"))
add("trailing-comma.csv","K2","".join("%d,%d,%d,\n"%(e.user, e.item, e.time) for e in MINUTES))
add("trailing-tab.tsv","K2","".join("%d\t%d\t%d\t\n"%(e.user, e.item, e.time) for e in MINUTES))
add("comment-column.tsv","K2", table(([e.user, e.item,"a comment, with commas" if e.rating>2 else
    "x", e.time] for e in MINUTES),"\t"))
add("unquoted-commas.csv","K2","".join("%d,%d,some text, here %d,%d\n"%(e.user, e.item, e.rating,
    e.time) if e.rating>1 else "%d,%d,text,%d\n"%(e.user, e.item, e.time) for e in MINUTES),
    want="refuse", part=":2: expected 5 fields, got 4")


def cases():
    return CASES
