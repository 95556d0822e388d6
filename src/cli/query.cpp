#include "cli/query.h"

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

// Throws DataError for anything but text or a whole number.
std::string raw_id(const nlohmann::json& value, const std::string& where) {
  if (value.is_string()) {
    return value.get<std::string>();
  }
  if (!value.is_number_integer()) {
    throw DataError(where, ": expected an id (text or a whole number), got ", value.dump());
  }
  return value.dump();
}

nlohmann::json parse_object(const std::string& text) {
  try {
    return nlohmann::json::parse(text);
  } catch (const nlohmann::json::parse_error& error) {
    throw DataError("not JSON: column ", error.byte, " of ", text.size());
  } catch (const nlohmann::json::out_of_range&) {
    throw DataError("a number that is too large");
  }
}

void parse_json(const std::string& text, PlainLine plain, Query& query) {
  const nlohmann::json object = parse_object(text);
  for (const auto& [key, value] : object.items()) {
    if (key == "user") {
      query.user = raw_id(value, "user");
    } else if (key == "history") {
      if (!value.is_array()) {
        throw DataError("history: expected [id, ...], got ", value.dump());
      }
      query.history.emplace();
      for (const auto& item : value) {
        query.history->push_back(raw_id(item, "history"));
      }
    } else if (key == "item" && plain == PlainLine::kEvent) {
      query.history.emplace().push_back(raw_id(value, "item"));
    } else {
      throw DataError("unknown key \"", key, "\"", did_you_mean(key, {"user", "history"}));
    }
  }
  if (!query.user && !query.history) {
    throw DataError("expected {\"user\": id} or {\"history\": [id, ...]}");
  }
}

}  // namespace

Query parse_query(const std::string& text, PlainLine plain, std::int64_t line) {
  Query query;
  query.line = line;
  const std::string content = trimmed(text);
  try {
    if (!content.empty() && content.front() == '{') {
      parse_json(content, plain, query);
    } else if (plain == PlainLine::kUser) {
      if (content.empty()) {
        throw DataError("an empty line; expected a user id");
      }
      query.user = content;
    } else if (plain == PlainLine::kEvent) {
      std::istringstream ids(content);
      std::string user;
      std::string item;
      std::string more;
      if (!(ids >> user) || (ids >> item >> more)) {
        throw DataError("expected a user id and an item id");
      }
      query.user = user;
      if (!item.empty()) {
        query.history = {item};
      }
    } else {
      std::istringstream ids(content);
      query.history.emplace();
      for (std::string id; ids >> id;) {
        query.history->push_back(id);
      }
    }
  } catch (const DataError& error) {
    query = Query{};
    query.line = line;
    query.error = concat("line ", line, ": ", error.what());
  }
  return query;
}

}  // namespace elastic::cli
