// A log of interactions as it stands in its file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/format.h"
#include "data/id_map.h"

namespace elastic::data {

struct Event {
  std::int32_t user = 0;  ///< number in `users`
  std::int32_t item = 0;  ///< number in `items`
  float rating = 0.0F;
  float fraction = 0.0F;       ///< of the timestamp, in [0, 1)
  std::int64_t timestamp = 0;  ///< in the file's unit, rounded down
};

struct Interactions {
  std::string path;
  std::vector<Event> events;  ///< in the order of the file
  IdMap users;
  IdMap items;
  bool has_rating = false;
  bool has_timestamp = false;
  std::string detected;               ///< what the file looks like, for people
  std::int64_t num_bad_rows = 0;      ///< skipped
  std::vector<std::string> bad_rows;  ///< messages of the first ten
};

/// Reads a log: two to four columns (user, item, [rating], [timestamp]) or a line a user, plain or
/// compressed, "-" for standard input. Throws DataError naming file, line and what was expected.
Interactions read_interactions(const std::string& path, const ReadOptions& options);

}  // namespace elastic::data
