// A line of the input of `predict`, parsed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace elastic::cli {

/// The content of a line that is not JSON.
enum class PlainLine {
  kUser,     ///< a user's id
  kHistory,  ///< item ids separated by blanks, oldest first
  kItem,     ///< an item's id
  kEvent,    ///< a user's id, then optionally a blank and the item of the user's next event
};

struct Query {
  std::int64_t line = 0;                            ///< of the input, from 1
  std::optional<std::string> user;                  ///< the user, or a label of the history
  std::optional<std::vector<std::string>> history;  ///< raw item ids; absent: the user's own events
  std::optional<std::string> item;                  ///< the question is for its nearest items
  std::optional<std::vector<std::string>> candidates;  ///< raw ids: rank only these
  std::string error;  ///< the reason if the line is invalid, else ""
};

/// Parses {"user": id}, {"history": [id, ...]} or both, or {"item": id}, each with optional
/// "candidates": [id, ...], where ids are strings or integers; other text is a plain line. With
/// kEvent, {"user": id, "item": id} is an event (a history of one item), and candidates are
/// invalid. Does not throw for an invalid line: see `error`.
Query parse_query(const std::string& text, PlainLine plain, std::int64_t line);

}  // namespace elastic::cli
