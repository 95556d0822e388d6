// What a line of `predict`'s input asks for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace elastic::cli {

/// What a line that is not JSON holds.
enum class PlainLine {
  kUser,     ///< a user's id
  kHistory,  ///< item ids separated by blanks, oldest first
  kItem,     ///< an item's id
  kEvent,    ///< a user's id and, after a blank, the item of the user's next event if there is one
};

struct Query {
  std::int64_t line = 0;            ///< of the input, from 1
  std::optional<std::string> user;  ///< whom to answer for, or a label of the history
  std::optional<std::vector<std::string>> history;  ///< raw item ids; absent: the user's own events
  std::optional<std::string> item;                  ///< whose nearest items are asked for
  std::optional<std::vector<std::string>> candidates;  ///< raw ids; only these are to be ranked
  std::string error;                                   ///< why the line cannot be understood
};

/// Reads {"user": id}, {"history": [id, ...]} or both, or {"item": id}, each with
/// "candidates": [id, ...] or without (ids are strings or integers), else a plain line. With kEvent
/// {"user": id, "item": id} is an event, a history of one, and there are no candidates. Never
/// throws for what a line holds: see `error`.
Query parse_query(const std::string& text, PlainLine plain, std::int64_t line);

}  // namespace elastic::cli
