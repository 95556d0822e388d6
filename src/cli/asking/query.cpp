#include "cli/asking/query.h"

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/error.h"
#include "base/nearest.h"

namespace elastic::cli {
namespace {

std::string trimmed(const std::string& text) {
  const auto begin = text.find_first_not_of(" \t");
  return begin == std::string::npos ? ""
                                    : text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

// A value in a message, shortened: a list may be as long as the line.
std::string shown(const nlohmann::json& value) {
  constexpr std::size_t kShown = 60;
  if (value.is_structured()) {
    return value.is_array() ? "a list" : "an object";
  }
  const std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true);
  return text.size() <= kShown ? text : text.substr(0, kShown) + "...";
}

// Throws DataError unless the value is text or a whole number.
std::string raw_id(const nlohmann::json& value, const std::string& where) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (!value.is_number_integer()) {
    throw DataError(where, ": expected an id (text or a whole number), got ", shown(value));
  }
  return value.dump();
}

std::vector<std::string> raw_ids(const nlohmann::json& value, const std::string& where) {
  if (!value.is_array()) {
    throw DataError(where, ": expected [id, ...], got ", shown(value));
  }
  std::vector<std::string> ids;
  for (const auto& id : value) {
    ids.push_back(raw_id(id, where));
  }
  return ids;
}

nlohmann::json parse_object(const std::string& text) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw DataError("not JSON: column ", error.byte, " of ", text.size());
  } catch (const nlohmann::json::exception&) {  // an out-of-range number
    throw DataError("not JSON: a number is out of range");
  }
}

void parse_json(const std::string& text, PlainLine plain, Query& query) {
  const nlohmann::json object = parse_object(text);
  const bool is_event = plain == PlainLine::kEvent;
  const std::vector<std::string> keys =
      is_event ? std::vector<std::string>{"user", "history", "item"}
               : std::vector<std::string>{"user", "history", "item", "candidates"};
  for (const auto& [key, value] : object.items()) {
    if (key == "user") {
      query.user = raw_id(value, "user");
    } else if (key == "history") {
      query.history = raw_ids(value, "history");
    } else if (key == "item" && is_event) {
      query.history.emplace().push_back(raw_id(value, "item"));
    } else if (key == "item") {
      query.item = raw_id(value, "item");
    } else if (key == "candidates" && !is_event) {
      query.candidates = raw_ids(value, "candidates");
    } else {
      throw DataError("unknown key ", shown(key), did_you_mean(key, keys));
    }
  }
  if (query.item && (query.user || query.history)) {
    throw DataError("expected an item without user and history");
  }
  if (!query.user && !query.history && !query.item) {
    throw DataError("expected {\"user\": id} or {\"history\": [id, ...]}");
  }
}

// The blank-separated ids of a line.
std::vector<std::string> split_ids(const std::string& content) {
  std::istringstream stream(content);
  std::vector<std::string> ids;
  for (std::string id; stream >> id;) {
    ids.push_back(id);
  }
  return ids;
}

void parse_plain(const std::string& content, PlainLine plain, Query& query) {
  if (plain == PlainLine::kHistory) {
    query.history = split_ids(content);
    return;
  }
  if (plain == PlainLine::kEvent) {
    const std::vector<std::string> ids = split_ids(content);
    if (ids.empty() || ids.size() > 2) {
      throw DataError("expected a user id and an item id");
    }
    query.user = ids.front();
    if (ids.size() == 2) {
      query.history = {ids.back()};
    }
    return;
  }
  const bool is_user = plain == PlainLine::kUser;
  if (content.empty()) {
    throw DataError("an empty line; expected ", is_user ? "a user id" : "an item id");
  }
  (is_user ? query.user : query.item) = content;
}

}  // namespace

Query parse_query(const std::string& text, PlainLine plain, std::int64_t line) {
  Query query;
  query.line = line;
  const std::string content = trimmed(text);
  try {
    if (!content.empty() && content.front() == '{') {
      parse_json(content, plain, query);
    } else {
      parse_plain(content, plain, query);
    }
  } catch (const DataError& error) {
    query = Query{};
    query.line = line;
    query.error = concat("line ", line, ": ", error.what());
  }
  return query;
}

}  // namespace elastic::cli
