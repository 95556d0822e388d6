#include "data/column_names.h"

#include <algorithm>
#include <array>
#include <span>

#include "data/english_words.h"
#include "data/take_text.h"

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
    {"movieid",   "asin",      "productid",  "bookid",    "trackid", "videoid", "songid",
     "newsid",    "articleid", "businessid", "stockcode", "isbn",    "sku",     "gmapid",
     "venueid",   "placeid",   "aid",        "vid",       "mid",     "tid",     "locationid",
     "poiid",     "animeid",   "gameid",     "appid",     "photoid", "postid",  "recipeid",
     "listingid", "contentid", "itemcode",   "goodsid",   "storyid"});

constexpr auto kUserWords = std::to_array<std::string_view>(
    {"user",    "customer", "visitor", "reviewer", "member",    "person",     "client",  "account",
     "buyer",   "listener", "viewer",  "reader",   "player",    "subscriber", "shopper", "consumer",
     "learner", "student",  "profile", "patient",  "passenger", "guest",      "usr"});
// Groups of events that serve as users where there is none.
constexpr auto kSessionWords = std::to_array<std::string_view>({"session", "visit", "playlist"});
constexpr auto kBasketWords = std::to_array<std::string_view>(
    {"order", "basket", "cart", "invoice", "transaction", "device", "cookie", "trip", "household"});

constexpr auto kItemWords = std::to_array<std::string_view>(
    {"item",        "product",    "movie",     "film",    "video",    "track",  "song",
     "book",        "article",    "news",      "story",   "poi",      "venue",  "place",
     "business",    "location",   "spot",      "game",    "app",      "recipe", "food",
     "dish",        "restaurant", "hotel",     "listing", "property", "job",    "goods",
     "merchandise", "asset",      "photo",     "anime",   "show",     "series", "episode",
     "podcast",     "course",     "exercise",  "problem", "question", "sku",    "isbn",
     "asin",        "content",    "post",      "thing",   "artwork",  "beer",   "wine",
     "joke",        "offer",      "ad",        "tune",    "bookmark", "outfit", "tweet",
     "document",    "doc",        "reference", "hashtag"});
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
    {"group",       "class",     "subclass",   "family",    "department", "segment",   "age",
     "gender",      "sex",       "city",       "country",   "state",      "zip",       "zipcode",
     "region",      "lat",       "lon",        "lng",       "latitude",   "longitude", "price",
     "cost",        "amount",    "qty",        "quantity",  "count",      "counts",    "num",
     "number",      "n",         "avg",        "average",   "mean",       "total",     "sum",
     "text",        "review",    "summary",    "body",      "comment",    "comments",  "votes",
     "helpful",     "useful",    "funny",      "cool",      "verified",   "type",      "kind",
     "category",    "cat",       "categories", "genre",     "genres",     "brand",     "color",
     "size",        "style",     "source",     "platform",  "os",         "browser",   "ip",
     "length",      "duration",  "dur",        "percent",   "pct",        "ratio",     "share",
     "weight",      "reordered", "label",      "feature",   "features",   "tag",       "tags",
     "description", "desc",      "image",      "images",    "seller",     "discount",  "currency",
     "language",    "lang",      "action",     "behavior",  "behaviour",  "event",     "is",
     "has",         "zone",      "timezone",   "offset",    "hour",       "minute",    "month",
     "year",        "weekday",   "dow",        "position",  "rank",       "index",     "row",
     "tab",         "unnamed",   "channel",    "dwell",     "spent",      "playtime",  "add",
     "interval",    "birth",     "birthday",   "birthdate", "release",    "published", "publish",
     "expire",      "expires",   "expiry",     "deleted",   "status",     "flag",      "version"});

// Words that make a time another one than the event's.
constexpr auto kOtherTimeWords = std::to_array<std::string_view>(
    {"zone",      "offset",  "spent",  "duration",   "dwell",        "birth",    "release",
     "published", "publish", "expire", "expires",    "expiry",       "deleted",  "length",
     "total",     "avg",     "of",     "count",      "num",          "price",    "interval",
     "elapsed",   "active",  "play",   "playing",    "reading",      "response", "run",
     "cook",      "prep",    "wait",   "delivery",   "shipping",     "playtime", "runtime",
     "born",      "signup",  "joined", "registered", "registration", "member",   "launched"});
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

// The position of the first word that makes the words before it an id; the number of words if
// there is none.
std::size_t position_of_id(const Words& words) {
  static constexpr auto kIds = std::to_array<std::string_view>(
      {"id", "ids", "idx", "code", "key", "uuid", "guid", "no", "nr", "sha1", "seq", "list"});
  const auto found = std::find_if(
      words.begin(), words.end(), [](const std::string& word) { return among(word, kIds); });
  return static_cast<std::size_t>(found - words.begin());
}

// The rank of words that hold one of `kinds`, by what they say about the thing: its id, nothing,
// another text that identifies it, or its name. None for its properties: "user_answer",
// "venueCategoryId".
std::optional<int> rank_of_kind(const Words& words, List kinds, bool attribute) {
  static constexpr auto kReferences = std::to_array<std::string_view>(
      {"url", "uri", "hash", "slug", "email", "mail", "cookie", "login", "identifier", "ref"});
  static constexpr auto kNames = std::to_array<std::string_view>({"name",
                                                                  "title",
                                                                  "nickname",
                                                                  "label",
                                                                  "username",
                                                                  "clicked",
                                                                  "viewed",
                                                                  "bought",
                                                                  "purchased",
                                                                  "watched",
                                                                  "played"});
  if (!any_of(words, kinds)) {
    return std::nullopt;
  }
  if (const std::size_t id = position_of_id(words); id < words.size()) {
    const bool of_attribute =
        id > 0 && among(words[id - 1], kAttributeWords) && !among(words[id - 1], kinds);
    return of_attribute ? std::nullopt : std::optional(1);
  }
  const std::string& last = words.back();
  if (attribute) {  // "review_profilename"
    const bool name = words.size() > 2 && among(words[words.size() - 2], kinds) &&
                      !among(words[words.size() - 2], kAttributeWords) && among(last, kNames);
    return name ? std::optional(4) : std::nullopt;
  }
  if (words.size() == 1) {
    return 2;
  }
  if (among(last, kinds) || among(last, kReferences)) {
    return 3;
  }
  return among(last, kNames) ? std::optional(4) : std::nullopt;
}

// A group of events or items: only its id or its plain name.
bool names_group(const Words& words, List groups) {
  return any_of(words, groups) && (words.size() == 1 || position_of_id(words) < words.size());
}

std::optional<int> rank_of_user(const Words& words, const std::string& joined, bool attribute) {
  static constexpr auto kSigns =
      std::to_array<std::string_view>({"email", "login", "nickname", "mail"});
  if (among(joined, kUserNames)) {
    return 0;
  }
  if (among(joined, kUserShort)) {
    return 1;
  }
  if (const auto rank = rank_of_kind(words, kUserWords, attribute)) {
    return rank;
  }
  if (words.size() == 1 && among(words[0], kSigns)) {
    return 4;
  }
  return names_group(words, kSessionWords)  ? std::optional(5)
         : names_group(words, kBasketWords) ? std::optional(6)
                                            : std::nullopt;
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
  if (const auto rank = rank_of_kind(words, kItemWords, attribute)) {
    return rank;
  }
  const bool plain_attribute = attribute && words.size() == 1;
  return names_group(words, kItemGroupWords) && !plain_attribute ? std::optional(5) : std::nullopt;
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

// Upper case and other characters than letters and digits begin a new word.
Words split_words(std::string_view name) {
  Words words;
  std::string word;
  const auto end_word = [&] {
    if (!word.empty()) {
      for (std::string& english : in_english(word)) {
        words.push_back(std::move(english));
      }
    }
    word.clear();
  };
  for (std::size_t at = 0; at < name.size(); ++at) {
    const char c = name[at];
    const bool letter = is_upper(c) || is_lower(c) || static_cast<unsigned char>(c) >= 0x80;
    if (!letter && !is_digit(c)) {
      end_word();
      continue;
    }
    const char before = at > 0 ? name[at - 1] : '\0';
    const char after = at + 1 < name.size() ? name[at + 1] : '\0';
    if (is_upper(c) && (is_lower(before) || (is_upper(before) && is_lower(after)))) {
      end_word();
    }
    word += is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c;
  }
  end_word();
  return words;
}

std::string joined_words(const Words& words) {
  std::string joined;
  for (const std::string& word : words) {
    joined += word;
  }
  return joined;
}

void keep_one_of_user_and_item(const Words& words, NameMeaning& meaning) {
  if (meaning.user && meaning.item) {  // "user_item_id" is neither; the first word names the thing
    const bool user_first = among(words.front(), kUserWords);
    (user_first ? meaning.item : meaning.user) = std::nullopt;
  }
}

// `last` are the words after the last point of the name: lists show there.
NameMeaning meaning_of_words(const Words& words, const Words& last) {
  NameMeaning meaning;
  const std::string joined = joined_words(words);
  if (joined.empty()) {
    meaning.attribute = true;  // the running numbers that pandas writes
    return meaning;
  }
  meaning.attribute = any_of(words, kAttributeWords);
  meaning.user = rank_of_user(words, joined, meaning.attribute);
  meaning.item = rank_of_item(words, joined, meaning.attribute);
  meaning.time = rank_of_time(words, joined);
  meaning.rating = rank_of_rating(words, joined);
  meaning.list = any_of(last, kListWords);
  if (meaning.list && !meaning.user && !meaning.time && !meaning.item && !meaning.attribute) {
    meaning.item = 2;
  }
  keep_one_of_user_and_item(words, meaning);
  return meaning;
}

bool means_a_role(const NameMeaning& meaning) {
  return meaning.user || meaning.item || meaning.time || meaning.rating;
}

}  // namespace

std::vector<std::string> words_of(std::string_view name) {
  return split_words(name.substr(0, name.find(':')));
}

NameMeaning meaning_of(std::string_view name) {
  const bool is_sequence = name.find(":token_seq") != std::string_view::npos;
  std::string_view rest = name.substr(0, name.find(':'));
  Words words;
  Words last;
  NameMeaning meaning;
  // "user.id": the words before a point count only if those after it mean nothing.
  for (int parts = 0; parts < 2 && !rest.empty();) {
    const std::size_t point = rest.rfind('.');
    const std::string_view part = rest.substr(point == std::string_view::npos ? 0 : point + 1);
    rest = rest.substr(0, point == std::string_view::npos ? 0 : point);
    if (part.empty() || part.starts_with('$')) {  // MongoDB's {"$date": ...}
      continue;
    }
    const Words more = split_words(part);
    words.insert(words.begin(), more.begin(), more.end());
    last = parts == 0 ? more : last;
    meaning = meaning_of_words(words, last);
    ++parts;
    if (means_a_role(meaning)) {
      break;
    }
  }
  meaning.attribute = meaning.attribute || words.empty();
  meaning.list = meaning.list || is_sequence;
  return meaning;
}

}  // namespace elastic::data
