#include "data/interactions.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "data/format.h"
#include "data/interaction_cache.h"
#include "data/log_reader.h"
#include "data/log_times.h"
#include "data/role_checks.h"
#include "data/row_parser.h"
#include "data/text_file.h"

namespace elastic::data {
namespace {

// Names the lines of the events whose time is far from the bulk.
void find_far_lines(std::string_view text, Interactions& log) {
  const FarTimes far = find_far_times(log);
  log.num_far_times = far.count;
  const std::int64_t unit = time_unit(log);
  RowParser parser(log.format);
  LineWalker lines(text, log.format.syntax);
  std::size_t events = 0;
  auto next = far.first.begin();
  for (std::string_view line; next != far.first.end() && lines.next(line);) {
    const auto number = static_cast<std::int64_t>(lines.number());
    if (parser.read(line, number) != RowParser::Result::kEvents) {
      continue;
    }
    events += parser.events().size();
    for (; next != far.first.end() && static_cast<std::size_t>(*next) < events; ++next) {
      const Event& event = log.events[static_cast<std::size_t>(*next)];
      log.far_times.push_back({number, describe_time(moment_of(event), unit)});
    }
  }
}

void parse(std::string& text, const ReadOptions& options, Interactions& log) {
  const bool may_hold_objects =
      options.format == FileFormat::kAuto || options.format == FileFormat::kJsonl;
  const auto objects = may_hold_objects ? objects_as_lines(text) : std::nullopt;
  DetectedFormat detected = detect_format(text, objects, log.path, options);
  log.format = std::move(detected.format);
  log.notes.insert(log.notes.end(), detected.notes.begin(), detected.notes.end());
  log.has_rating = log.format.find(Role::kRating) != nullptr;
  log.has_timestamp = log.format.find(Role::kTime) != nullptr;
  read_log(text, log.format, {options.on_bad_row == BadRows::kSkip, options.max_bad_rows}, log);
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
  find_far_lines(text, log);
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
  parse(text, options, log);
  cache.write(log);
  return log;
}

void append_interactions(Interactions& log, const Interactions& other, LogPart part) {
  append_events(log, other, part);
  log.has_rating = log.has_rating && other.has_rating;
  log.has_timestamp = log.has_timestamp && other.has_timestamp;
}

}  // namespace elastic::data
