#include "data/title_columns.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <unordered_set>

#include "data/column_content.h"
#include "data/column_names.h"
#include "data/list_field.h"

namespace elastic::data {
namespace {

using NameWords = std::vector<std::string>;
using WordList = std::span<const std::string_view>;

constexpr auto kTitleWords = std::to_array<std::string_view>({"title",
                                                              "titel",
                                                              "titre",
                                                              "titulo",
                                                              "t\xc3\xadtulo",
                                                              "titolo",
                                                              "judul",
                                                              "heading",
                                                              "headline",
                                                              "caption"});
constexpr auto kNameWords = std::to_array<std::string_view>(
    {"name",
     "nombre",
     "nom",
     "nome",
     "naam",
     "nazwa",
     "\xd0\xbd\xd0\xb0\xd0\xb7\xd0\xb2\xd0\xb0\xd0\xbd\xd0\xb8\xd0\xb5"});
// NameWords beside title or name that leave the meaning as it is.
constexpr auto kPlainWords = std::to_array<std::string_view>({"prod", "full", "display", "entity"});
// NameWords that make it another thing's name, or a property of the title.
constexpr auto kOtherThings = std::to_array<std::string_view>(
    {"id",         "ids",      "idx",       "no",       "code",        "url",          "uri",
     "link",       "type",     "kind",      "group",    "department",  "section",      "index",
     "colour",     "color",    "category",  "cat",      "subcategory", "brand",        "class",
     "family",     "genre",    "genres",    "author",   "authors",     "writer",       "director",
     "actor",      "actors",   "cast",      "creator",  "publisher",   "developer",    "studio",
     "producer",   "seller",   "store",     "shop",     "vendor",      "manufacturer", "label",
     "user",       "username", "owner",     "customer", "reviewer",    "city",         "state",
     "country",    "region",   "file",      "image",    "img",         "picture",      "photo",
     "poster",     "slug",     "lang",      "language", "length",      "len",          "count",
     "num",        "entities", "embedding", "value",    "unit",        "tag",          "tags",
     "keyword",    "keywords", "first",     "last",     "middle",      "domain",       "host",
     "appearance", "level",    "year"});
// Names whose columns are no titles, though their values may look so.
constexpr auto kTextWords = std::to_array<std::string_view>(
    {"description", "desc",   "abstract",   "summary", "overview", "plot",
     "text",        "body",   "review",     "comment", "features", "details",
     "address",     "street", "attributes", "hours",   "isbn",     "asin",
     "sku",         "date",   "time",       "price",   "format",   "edition"});

bool is_among(std::string_view word, WordList list) {
  return std::find(list.begin(), list.end(), word) != list.end();
}
bool has_any_of(const NameWords& words, WordList list) {
  return std::any_of(
      words.begin(), words.end(), [&](const auto& word) { return is_among(word, list); });
}

bool is_item_word(const std::string& word) {
  return is_among(word, kPlainWords) || meaning_of(word).item.has_value();
}

// "booktitle" is book, title; "filename" stays.
NameWords parted(NameWords words) {
  constexpr auto kEnds = std::to_array<std::string_view>({"title", "name", "titles", "names"});
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const std::string_view end : kEnds) {
      const std::string begin =
          words[i].substr(0, words[i].size() - std::min(words[i].size(), end.size()));
      if (!begin.empty() && words[i].ends_with(end) && is_item_word(begin)) {
        words[i] = begin;
        words.insert(words.begin() + static_cast<std::ptrdiff_t>(i) + 1, std::string(end));
        ++i;
        break;
      }
    }
  }
  return words;
}

bool is_mostly_distinct(const ColumnSample& column) {
  std::unordered_set<std::string_view> distinct;
  std::size_t filled = 0;
  for (const std::string_view value : column.values) {
    filled += value.empty() ? 0 : 1;
    distinct.insert(value);
  }
  distinct.erase(std::string_view());
  return 2 * distinct.size() > filled;
}

struct TextContent {
  double filled = 0.0;  // share of the values that are not empty; the others are shares of these
  double distinct = 0.0;
  double numbers = 0.0;
  double blanks = 0.0;   // of texts of several words
  double length = 0.0;   // mean, in bytes
  bool is_text = false;  // neither numbers, dates, web addresses nor lists in brackets
};

TextContent text_content(const ColumnSample& column) {
  const ColumnContent content = content_of(column.values);
  TextContent text;
  if (content.filled == 0) {
    return text;
  }
  std::size_t blanks = 0;
  std::size_t addresses = 0;
  std::size_t lists = 0;
  std::size_t bytes = 0;
  for (const std::string_view value : column.values) {
    blanks += value.find(' ') != std::string_view::npos ? 1 : 0;
    addresses += value.starts_with("http") || value.starts_with("www.") ? 1 : 0;
    lists += in_brackets(value) || (value.starts_with('{') && value.ends_with('}')) ? 1 : 0;
    bytes += value.size();
  }
  const auto filled = static_cast<double>(content.filled);
  text.filled = filled / static_cast<double>(content.count);
  text.distinct = static_cast<double>(content.distinct) / filled;
  text.numbers = content.numbers;
  text.blanks = static_cast<double>(blanks) / filled;
  text.length = static_cast<double>(bytes) / filled;
  text.is_text = content.numbers < 0.5 && !content.looks_like_time() &&
                 2 * addresses < content.filled && 2 * lists < content.filled;
  return text;
}

std::optional<std::size_t> title_by_name(const std::vector<ColumnSample>& columns,
                                         const std::vector<TextContent>& texts,
                                         std::size_t id_column) {
  std::optional<std::size_t> best;
  std::optional<int> best_rank;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    const auto rank = rank_of_title(columns[at].name, columns[id_column].name);
    const bool plain_word = rank_of_title(columns[at].name).value_or(0) > kTitleNames;
    const bool fits = rank && !columns[at].is_list && texts[at].filled > 0.0 &&
                      (*rank == 0 || texts[at].numbers < 0.95) &&
                      !(plain_word && (at == id_column || !texts[at].is_text));  // "song": an id?
    if (fits && (!best_rank || *rank < *best_rank)) {
      best = at;
      best_rank = rank;
    }
  }
  return best;
}

// High for a text that is distinct, of several words, and not longer than titles are.
double score_of(const TextContent& text) {
  constexpr double kLongTitle = 60.0;
  constexpr double kTooLong = 150.0;  // descriptions
  const double length = std::min(text.length, kLongTitle) * (text.length > kTooLong ? 0.1 : 1.0);
  return text.filled * text.distinct * text.distinct * length * (1.0 + text.blanks);
}

std::optional<std::size_t> title_by_content(const std::vector<ColumnSample>& columns,
                                            const std::vector<TextContent>& texts,
                                            std::size_t id_column,
                                            bool any_name) {
  constexpr double kClearlyMore = 1.1;
  constexpr double kFewRows = 20.0;
  std::optional<std::size_t> best;
  double most = 0.0;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    const NameWords words = words_of(columns[at].name);
    const NameMeaning meaning = meaning_of(columns[at].name);
    const bool named = !columns[at].name.empty();
    const bool other = named && (has_any_of(words, kOtherThings) || has_any_of(words, kTextWords) ||
                                 meaning.user || meaning.time || meaning.attribute);
    const auto rows = static_cast<double>(columns[at].values.size());
    const bool recurs = rows > kFewRows && texts[at].distinct < 0.3;  // a category
    if (at == id_column || columns[at].is_list || !texts[at].is_text || recurs ||
        (other && !any_name)) {
      continue;
    }
    if (const double score = score_of(texts[at]); score > kClearlyMore * most) {
      best = at;
      most = score;
    }
  }
  return best;
}

}  // namespace

std::optional<int> rank_of_title(std::string_view name, std::string_view id_name) {
  const NameWords words = parted(words_of(name));
  if (has_any_of(words, kOtherThings) || meaning_of(name).user) {
    return std::nullopt;
  }
  const NameWords id_words = words_of(id_name);
  const bool title = has_any_of(words, kTitleWords);
  bool of_items = true;  // of the things that the ids name
  bool of_things = true;
  for (const std::string& word : words) {
    const bool says_title = is_among(word, kTitleWords) || is_among(word, kNameWords);
    const bool of_id = std::find(id_words.begin(), id_words.end(), word) != id_words.end();
    of_items = of_items && (says_title || of_id || is_among(word, kPlainWords));
    of_things = of_things && (says_title || is_item_word(word));
  }
  if (!title && !has_any_of(words, kNameWords)) {
    const bool item = words.size() == 1 && meaning_of(name).item == 2;
    return !item ? std::nullopt : std::optional(of_items ? 1 : kTitleNames + 1);
  }
  if (of_items) {
    return title ? 0 : 1;
  }
  if (title) {
    return of_things ? 2 : 3;
  }
  return of_things ? 4 : kTitleNames;
}

std::optional<int> rank_of_id(std::string_view name) {
  const NameWords words = words_of(name);
  const NameMeaning meaning = meaning_of(name);
  if (meaning.user || meaning.time || meaning.rating) {
    return std::nullopt;
  }
  if (meaning.item && *meaning.item <= 1) {
    return *meaning.item;
  }
  constexpr auto kIds = std::to_array<std::string_view>({"id", "uuid", "guid", "key", "code"});
  if (has_any_of(words, kIds)) {
    return words.size() == 1 ? 2 : kIdNames;
  }
  if (meaning.item) {
    return 2 + *meaning.item;
  }
  return meaning.attribute ? std::nullopt : std::optional(8);
}

std::vector<std::size_t> id_candidates(const std::vector<ColumnSample>& columns) {
  constexpr std::size_t kMost = 64;
  const bool named = std::any_of(columns.begin(), columns.end(), [](const ColumnSample& column) {
    return !column.name.empty();
  });
  std::vector<std::size_t> candidates;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    const auto rank = rank_of_id(columns[at].name);
    if (!columns[at].is_list && (!named || rank) &&
        (rank.value_or(kIdNames + 1) <= kIdNames || is_mostly_distinct(columns[at]))) {
      candidates.push_back(at);
    }
  }
  std::stable_sort(candidates.begin(), candidates.end(), [&](std::size_t a, std::size_t b) {
    return named && *rank_of_id(columns[a].name) < *rank_of_id(columns[b].name);
  });
  candidates.resize(std::min(candidates.size(), kMost));
  return candidates;
}

std::optional<std::size_t> choose_id_column(const std::vector<ColumnSample>& columns,
                                            const std::vector<IdMatches>& matches) {
  const auto rank = [&](const IdMatches& match) {
    return rank_of_id(columns[match.column].name).value_or(9);
  };
  const auto weight = [&](const IdMatches& match) {
    const bool flags = rank(match) > kIdNames && 2 * match.items <= match.rows;
    const double trust = rank(match) < kIdNames ? 1.0 : rank(match) == kIdNames ? 0.8 : 0.5;
    return flags ? 0.0 : trust * static_cast<double>(match.items);
  };
  double most = 0.0;
  for (const IdMatches& match : matches) {
    most = std::max(most, weight(match));
  }
  std::optional<std::size_t> best;
  std::optional<int> best_rank;
  for (const IdMatches& match : matches) {
    const bool almost = weight(match) > 0.0 && weight(match) >= 0.9 * most;
    if (almost && (!best || rank(match) < *best_rank)) {
      best = match.column;
      best_rank = rank(match);
    }
  }
  return best;
}

std::optional<std::size_t> choose_title_column(const std::vector<ColumnSample>& columns,
                                               std::size_t id_column) {
  std::vector<TextContent> texts;
  for (const ColumnSample& column : columns) {
    texts.push_back(text_content(column));
  }
  auto found = title_by_name(columns, texts, id_column);
  for (const bool any_name : {false, true}) {
    found = found ? found : title_by_content(columns, texts, id_column, any_name);
  }
  return found;
}

}  // namespace elastic::data
