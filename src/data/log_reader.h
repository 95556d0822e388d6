// Parses the text of a log, long ones with several threads.
#pragma once

#include <string>

#include "data/interactions.h"
#include "data/log_format.h"

namespace elastic::data {

/// How to treat rows that cannot be read.
struct BadRowRule {
  bool skip = false;
  double max_share = 0.05;  ///< of the rows, to skip
};

/// Adds all rows of `text` to the empty `log`. Frees the text while it is parsed. Bad rows
/// that are skipped are counted and the first ten kept. Throws DataError for the first bad row
/// unless they are skipped, and for more bad rows than `rule` allows. The result does not depend on
/// the number of threads. One thread reads texts below 2 * `chunk_bytes`, texts with quotes, which
/// may contain line breaks, and forms whose lines depend on earlier ones.
void read_log(std::string text,
              const LogFormat& format,
              const BadRowRule& rule,
              Interactions& log,
              std::size_t chunk_bytes = std::size_t{1} << 22);

/// Adds the events of `other` with the given `part`; users and items are identified by their raw
/// ids. Throws DataError beyond 2147483647 events.
void append_events(Interactions& log, const Interactions& other, LogPart part);

}  // namespace elastic::data
