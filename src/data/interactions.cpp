#include "data/interactions.h"

#include <utility>

#include "base/error.h"
#include "data/interaction_cache.h"
#include "data/log_reader.h"
#include "data/text_file.h"

namespace elastic::data {
namespace {

void parse(std::string_view text, const ReadOptions& options, Interactions& log) {
  const LogFormat format = detect_format(text, log.path, options);
  log.detected = format.describe();
  for (const Column column : format.columns) {
    log.has_rating = log.has_rating || column == Column::kRating;
    log.has_timestamp = log.has_timestamp || column == Column::kTimestamp;
  }
  read_log(text, format, options.on_bad_row == BadRows::kSkip, log);
  if (log.events.empty()) {
    throw DataError("data: ",
                    log.path,
                    ": no valid row among ",
                    log.num_bad_rows,
                    log.bad_rows.empty() ? ""
                                         : concat("; the first is line ",
                                                  log.bad_rows.front().line,
                                                  ": ",
                                                  log.bad_rows.front().problem));
  }
}

}  // namespace

Interactions read_interactions(const std::string& path, const ReadOptions& options) {
  check(options);
  Interactions log;
  log.path = path == "-" ? "standard input" : path;
  std::string bytes = read_bytes(path);
  const InteractionCache cache(path == "-" ? "" : options.cache_folder, bytes, options);
  if (cache.read(log)) {
    return log;
  }
  parse(decode_text(std::move(bytes), path), options, log);
  cache.write(log);
  return log;
}

void append_interactions(Interactions& log, const Interactions& other, LogPart part) {
  append_events(log, other, part);
  log.has_rating = log.has_rating && other.has_rating;
  log.has_timestamp = log.has_timestamp && other.has_timestamp;
}

}  // namespace elastic::data
