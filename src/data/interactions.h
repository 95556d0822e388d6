// A log of interactions in the order of its file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/id_map.h"
#include "data/log_format.h"
#include "data/moment.h"
#include "data/read_options.h"

namespace elastic::data {

/// The file of a split that an event comes from; kTrain if there is only one file.
enum class LogPart : std::uint8_t { kTrain, kValidation, kTest };

/// 24 bytes: a log of a billion events takes as many gigabytes while it is read.
struct Event {
  std::int32_t user = 0;  ///< index into `users`
  std::int32_t item = 0;  ///< index into `items`
  float rating = 0.0F;
  std::uint32_t billionths : 30 = 0;  ///< of the unit, after the timestamp
  LogPart part : 2 = LogPart::kTrain;
  std::int64_t timestamp = 0;  ///< in the file's unit, rounded down; dates in seconds

  void set_billionths(std::uint32_t value) {
    constexpr std::uint32_t kBits = (std::uint32_t{1} << 30) - 1;  // a billion needs no more
    billionths = value & kBits;
  }
};
static_assert(sizeof(Event) == 24);

inline Moment moment_of(const Event& event) {
  return {event.timestamp, event.billionths};
}

struct BadRow {
  std::int64_t line = 0;  ///< from 1
  std::string problem;    ///< "column 3: expected a number as rating, got 'x': "u,i,x""
};

/// A file of interactions, and how it was read.
struct LogSource {
  std::string path;  ///< for messages
  LogFormat format;
  std::vector<std::string> notes;  ///< on the format, for people
  std::int64_t num_rows = 0;       ///< read, with the bad ones
  std::int64_t num_bad_rows = 0;   ///< skipped
  std::vector<BadRow> bad_rows;    ///< the first ten
  std::int64_t num_far_times = 0;  ///< events whose time is far from the bulk
  std::vector<BadRow> far_times;   ///< the first ten, with their times
  std::string cache_note;          ///< how the cache was used, for people; or ""
};

struct Interactions : LogSource {
  std::vector<Event> events;  ///< in the order of the file; at most 2147483647
  IdMap users;  ///< numbered in the order of the events, as are the items; every id occurs
  IdMap items;
  bool has_rating = false;
  bool has_timestamp = false;
};

/// Reads a log in any form that LogFormat describes, plain or compressed, "-" for standard input.
/// With a cache folder in `options`, a file that was read before is not parsed again. Throws
/// DataError naming file, line, column and the expected content.
Interactions read_interactions(const std::string& path, const ReadOptions& options);

/// Adds the events of another file; users and items are identified by their raw ids. The log keeps
/// ratings and times only if both have them.
void append_interactions(Interactions& log, const Interactions& other, LogPart part);

}  // namespace elastic::data
