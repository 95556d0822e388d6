// A whole text into a log, by several threads where it is long.
#pragma once

#include <string_view>

#include "data/format.h"
#include "data/interactions.h"

namespace elastic::data {

/// Adds all rows of `text`. `skip_bad_rows`: counts those that do not fit and keeps the first ten;
/// else throws DataError for the first. The result does not depend on the number of threads. A text
/// with quotes that may hold line breaks is read by one thread, as are those below
/// 2 * `chunk_bytes`.
void read_log(std::string_view text,
              const LogFormat& format,
              bool skip_bad_rows,
              Interactions& log,
              std::size_t chunk_bytes = std::size_t{1} << 22);

/// Adds the events of `other`, as of `part`; users and items of the same id are the same. Throws
/// DataError beyond 2147483647 events.
void append_events(Interactions& log, const Interactions& other, LogPart part);

}  // namespace elastic::data
