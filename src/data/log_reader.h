// Parses the text of a log, long ones with several threads.
#pragma once

#include <string_view>

#include "data/format.h"
#include "data/interactions.h"

namespace elastic::data {

/// Adds all rows of `text` to `log`. With `skip_bad_rows`, bad rows are counted and the first ten
/// kept; otherwise the first one throws DataError. The result does not depend on the number of
/// threads. One thread reads texts below 2 * `chunk_bytes`, and texts with quotes, which may
/// contain line breaks.
void read_log(std::string_view text,
              const LogFormat& format,
              bool skip_bad_rows,
              Interactions& log,
              std::size_t chunk_bytes = std::size_t{1} << 22);

/// Adds the events of `other` with the given `part`; users and items are identified by their raw
/// ids. Throws DataError beyond 2147483647 events.
void append_events(Interactions& log, const Interactions& other, LogPart part);

}  // namespace elastic::data
