#include "data/interactions.h"

#include <algorithm>
#include <new>
#include <utility>

#include "base/error.h"
#include "data/format.h"
#include "data/interaction_cache.h"
#include "data/log_reader.h"
#include "data/role_checks.h"
#include "data/text_file.h"

namespace elastic::data {
namespace {

void parse(std::string text, const ReadOptions& options, Interactions& log) {
  const bool may_hold_objects =
      options.format == FileFormat::kAuto || options.format == FileFormat::kJsonl;
  const auto objects = may_hold_objects ? objects_as_lines(text) : std::nullopt;
  DetectedFormat detected = detect_format(text, objects, log.path, options);
  log.format = std::move(detected.format);
  log.notes.insert(log.notes.end(), detected.notes.begin(), detected.notes.end());
  log.has_rating = log.format.find(Role::kRating) != nullptr;
  log.has_timestamp = log.format.find(Role::kTime) != nullptr;
  read_log(std::move(text),
           log.format,
           {options.on_bad_row == BadRows::kSkip, options.max_bad_rows},
           log);
  if (log.events.empty()) {
    throw DataError("data: ",
                    log.path,
                    log.num_bad_rows > 0 || log.format.keep.empty()
                        ? concat(": no valid row among ", log.num_rows)
                        : concat(": --keep leaves none of the ", log.num_rows, " rows"),
                    log.bad_rows.empty() ? ""
                                         : concat("; the first is line ",
                                                  log.bad_rows.front().line,
                                                  ": ",
                                                  log.bad_rows.front().problem));
  }
  check_roles(log, options);
}

}  // namespace

Interactions read_interactions(const std::string& path, const ReadOptions& options) {
  check(options);
  Interactions log;
  log.path = path == "-" ? "standard input" : path;
  TextLimits limits;
  if (options.max_input_bytes > 0) {
    limits.most_bytes = static_cast<std::uint64_t>(options.max_input_bytes);
  }
  std::string bytes = read_bytes(path, limits);
  const InteractionCache cache(path == "-" ? "" : options.cache_folder, bytes, options);
  if (cache.read(log)) {
    return log;
  }
  std::string text = decode_text(std::move(bytes), path, limits, &log.notes);
  const std::size_t text_bytes = text.size();
  try {
    parse(std::move(text), options, log);
  } catch (const std::bad_alloc&) {
    throw OutOfMemoryError("data: ",
                           log.path,
                           ": out of memory: its text has ",
                           text_bytes,
                           " bytes, and its events need more");
  }
  cache.write(log);
  return log;
}

void append_interactions(Interactions& log, const Interactions& other, LogPart part) {
  append_events(log, other, part);
  log.has_rating = log.has_rating && other.has_rating;
  log.has_timestamp = log.has_timestamp && other.has_timestamp;
}

}  // namespace elastic::data
