#include "data/column_names.h"

#include <algorithm>
#include <array>
#include <span>

namespace elastic::data {
namespace {

using Words = std::vector<std::string>;
using List = std::span<const std::string_view>;

bool among(std::string_view word, List list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Whole names, their words joined.
constexpr auto kUserNames = std::to_array<std::string_view>({"user", "userid", "uid", "users"});
constexpr auto kItemNames = std::to_array<std::string_view>({"item", "itemid", "iid"});
constexpr auto kTimeNames = std::to_array<std::string_view>({"timestamp",
                                                             "time",
                                                             "ts",
                                                             "unixtimestamp",
                                                             "unixtime",
                                                             "unixreviewtime",
                                                             "eventtime",
                                                             "eventtimestamp",
                                                             "datetime",
                                                             "epoch"});
constexpr auto kRatingNames =
    std::to_array<std::string_view>({"rating", "ratings", "score", "stars", "overall"});

// Names whose words do not show: abbreviations and words written together.
constexpr auto kUserShort = std::to_array<std::string_view>({"reviewerid",
                                                             "customerid",
                                                             "visitorid",
                                                             "memberid",
                                                             "fullvisitorid",
                                                             "clientid",
                                                             "profileid",
                                                             "accountid",
                                                             "userhash",
                                                             "useridhash",
                                                             "msno",
                                                             "personid"});
constexpr auto kItemShort = std::to_array<std::string_view>(
    {"movieid", "asin",       "productid", "bookid",     "trackid",   "artistid", "videoid",
     "songid",  "newsid",     "articleid", "businessid", "stockcode", "isbn",     "sku",
     "gmapid",  "venueid",    "placeid",   "aid",        "vid",       "pid",      "mid",
     "tid",     "locationid", "poiid",     "animeid",    "gameid",    "appid",    "photoid",
     "postid",  "recipeid",   "listingid", "contentid",  "itemcode",  "goodsid",  "storyid"});

constexpr auto kUserWords = std::to_array<std::string_view>(
    {"user",    "customer", "visitor", "reviewer", "member",    "person",     "client",  "account",
     "buyer",   "listener", "viewer",  "reader",   "player",    "subscriber", "shopper", "consumer",
     "learner", "student",  "profile", "patient",  "passenger", "guest",      "usr"});
// Groups of events that serve as users where there is none.
constexpr auto kSessionWords = std::to_array<std::string_view>({"session", "visit", "playlist"});
constexpr auto kBasketWords = std::to_array<std::string_view>(
    {"order", "basket", "cart", "invoice", "transaction", "device", "cookie", "trip", "household"});

constexpr auto kItemWords = std::to_array<std::string_view>(
    {"item",        "product",    "movie",    "film",    "video",    "track",  "song",
     "book",        "article",    "news",     "story",   "poi",      "venue",  "place",
     "business",    "location",   "spot",     "game",    "app",      "recipe", "food",
     "dish",        "restaurant", "hotel",    "listing", "property", "job",    "goods",
     "merchandise", "asset",      "photo",    "anime",   "show",     "series", "episode",
     "podcast",     "course",     "exercise", "problem", "question", "sku",    "isbn",
     "asin",        "content",    "post",     "thing",   "artwork",  "beer",   "wine",
     "joke",        "offer",      "ad",       "pin",     "tune",     "title",  "town"});
constexpr auto kItemGroupWords = std::to_array<std::string_view>(
    {"artist", "album", "page", "url", "category", "brand", "channel"});

constexpr auto kTimeWords = std::to_array<std::string_view>({"timestamp",
                                                             "time",
                                                             "ts",
                                                             "date",
                                                             "datetime",
                                                             "dt",
                                                             "dat",
                                                             "day",
                                                             "epoch",
                                                             "when",
                                                             "unix",
                                                             "utc",
                                                             "created",
                                                             "tstamp",
                                                             "timestmp"});
constexpr auto kRatingWords =
    std::to_array<std::string_view>({"rating", "score", "stars", "vote", "grade"});

constexpr auto kListWords = std::to_array<std::string_view>({"list",
                                                             "seq",
                                                             "sequence",
                                                             "history",
                                                             "hist",
                                                             "items",
                                                             "movies",
                                                             "tracks",
                                                             "songs",
                                                             "articles",
                                                             "products",
                                                             "clicks",
                                                             "playlist",
                                                             "aids",
                                                             "videos",
                                                             "books"});

// Words of columns that describe a user, an item or an event.
constexpr auto kAttributeWords = std::to_array<std::string_view>(
    {"age",      "gender",      "sex",       "city",       "country",   "state",     "zip",
     "zipcode",  "region",      "lat",       "lon",        "lng",       "latitude",  "longitude",
     "price",    "cost",        "amount",    "qty",        "quantity",  "count",     "counts",
     "num",      "number",      "n",         "avg",        "average",   "mean",      "total",
     "sum",      "text",        "review",    "summary",    "body",      "comment",   "comments",
     "votes",    "helpful",     "useful",    "funny",      "cool",      "verified",  "type",
     "kind",     "category",    "cat",       "categories", "genre",     "genres",    "brand",
     "color",    "size",        "style",     "source",     "platform",  "os",        "browser",
     "ip",       "length",      "duration",  "dur",        "percent",   "pct",       "ratio",
     "share",    "weight",      "reordered", "label",      "feature",   "features",  "tag",
     "tags",     "description", "desc",      "image",      "images",    "seller",    "discount",
     "currency", "language",    "lang",      "action",     "behavior",  "behaviour", "event",
     "is",       "has",         "zone",      "timezone",   "offset",    "hour",      "minute",
     "month",    "year",        "weekday",   "dow",        "position",  "rank",      "index",
     "row",      "tab",         "unnamed",   "channel",    "dwell",     "spent",     "playtime",
     "add",      "interval",    "birth",     "birthday",   "birthdate", "release",   "published",
     "publish",  "expire",      "expires",   "expiry",     "deleted",   "status",    "flag",
     "version"});

// Words that make a time another one than the event's.
constexpr auto kOtherTimeWords = std::to_array<std::string_view>(
    {"zone",      "offset",  "spent",  "duration", "dwell",  "birth",   "release",
     "published", "publish", "expire", "expires",  "expiry", "deleted", "length",
     "total",     "avg",     "of",     "count",    "num",    "price",   "interval"});
constexpr auto kLaterTimeWords = std::to_array<std::string_view>(
    {"updated", "update", "modified", "edited", "end", "ended", "finished", "local", "first"});
constexpr auto kEventTimeWords = std::to_array<std::string_view>(
    {"at",      "added", "created",   "event",    "click",    "clicked",   "view",
     "viewed",  "watch", "watched",   "listen",   "listened", "played",    "start",
     "started", "read",  "rated",     "reviewed", "visited",  "purchased", "ordered",
     "bought",  "time",  "timestamp", "server"});

bool any_of(const Words& words, List list) {
  return std::any_of(
      words.begin(), words.end(), [&](const std::string& word) { return among(word, list); });
}

// An id rather than a property of the thing that it names.
bool names_id(const Words& words) {
  static constexpr auto kIds = std::to_array<std::string_view>({"id",
                                                                "ids",
                                                                "idx",
                                                                "code",
                                                                "key",
                                                                "hash",
                                                                "uuid",
                                                                "guid",
                                                                "no",
                                                                "nr",
                                                                "sha1",
                                                                "seq",
                                                                "list"});
  return any_of(words, kIds);
}

std::optional<int> rank_of_user(const Words& words, const std::string& joined, bool attribute) {
  if (among(joined, kUserNames)) {
    return 0;
  }
  if (among(joined, kUserShort)) {
    return 1;
  }
  const bool plain = words.size() == 1;
  if (attribute && !names_id(words)) {
    return std::nullopt;
  }
  if (any_of(words, kUserWords)) {
    return names_id(words) ? 1 : plain ? 2 : 4;
  }
  if (any_of(words, kSessionWords) && (plain || names_id(words))) {
    return 5;
  }
  if (any_of(words, kBasketWords) && (plain || names_id(words))) {
    return 6;
  }
  return std::nullopt;
}

std::optional<int> rank_of_item(const Words& words, const std::string& joined, bool attribute) {
  if (among(joined, kItemNames)) {
    return 0;
  }
  if (joined == "parentasin") {  // the product; asin is one of its variants
    return 0;
  }
  if (among(joined, kItemShort)) {
    return 1;
  }
  const bool plain = words.size() == 1;
  if (any_of(words, kItemWords) && (!attribute || names_id(words))) {
    return names_id(words) ? 1 : plain ? 2 : 4;
  }
  if (any_of(words, kItemGroupWords) && (plain || names_id(words)) && !(attribute && plain)) {
    return 5;
  }
  return std::nullopt;
}

std::optional<int> rank_of_time(const Words& words, const std::string& joined) {
  if (among(joined, kTimeNames)) {
    return 0;
  }
  // created_at, viewed_at
  const bool ends_in_at = words.size() > 1 && words.back() == "at";
  if (!any_of(words, kTimeWords) && !ends_in_at && !joined.ends_with("timestamp") &&
      !joined.ends_with("time") && !joined.ends_with("date")) {
    return std::nullopt;
  }
  if (any_of(words, kOtherTimeWords)) {
    return 9;
  }
  if (any_of(words, kLaterTimeWords)) {
    return 3;
  }
  return any_of(words, kEventTimeWords) ? 1 : 2;
}

std::optional<int> rank_of_rating(const Words& words, const std::string& joined) {
  if (among(joined, kRatingNames)) {
    return 0;
  }
  static constexpr auto kAggregates = std::to_array<std::string_view>(
      {"avg", "average", "mean", "count", "num", "number", "total", "time", "date", "timestamp"});
  if (any_of(words, kRatingWords) && !any_of(words, kAggregates)) {
    return 1;
  }
  return std::nullopt;
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  Words words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) {
      words.push_back(std::move(word));
    }
    word.clear();
  };
  const std::string_view shown = name.substr(0, name.find(':'));
  for (std::size_t at = 0; at < shown.size(); ++at) {
    const char c = shown[at];
    const bool letter = is_upper(c) || is_lower(c) || static_cast<unsigned char>(c) >= 0x80;
    if (!letter && !is_digit(c)) {
      end_word();
      continue;
    }
    const char before = at > 0 ? shown[at - 1] : '\0';
    const char after = at + 1 < shown.size() ? shown[at + 1] : '\0';
    if (is_upper(c) && (is_lower(before) || (is_upper(before) && is_lower(after)))) {
      end_word();
    }
    word += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  end_word();
  return words;
}

NameMeaning meaning_of(std::string_view name) {
  const Words words = words_of(name);
  std::string joined;
  for (const std::string& word : words) {
    joined += word;
  }
  NameMeaning meaning;
  if (joined.empty()) {
    meaning.attribute = true;  // the running numbers that pandas writes
    return meaning;
  }
  meaning.attribute = any_of(words, kAttributeWords);
  meaning.user = rank_of_user(words, joined, meaning.attribute);
  meaning.item = rank_of_item(words, joined, meaning.attribute);
  meaning.time = rank_of_time(words, joined);
  meaning.rating = rank_of_rating(words, joined);
  meaning.list = name.find(":token_seq") != std::string_view::npos || any_of(words, kListWords);
  if (meaning.list && !meaning.user && !meaning.time && !meaning.item && !meaning.attribute) {
    meaning.item = 2;
  }
  if (meaning.user && meaning.item) {  // "user_item_id" is neither; the first word names the thing
    const bool user_first = among(words.front(), kUserWords);
    (user_first ? meaning.item : meaning.user) = std::nullopt;
  }
  return meaning;
}

}  // namespace elastic::data
