#include "data/log_reader.h"

#include <algorithm>
#include <future>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/fields.h"
#include "data/row_parser.h"
#include "tensor/threads.h"

namespace elastic::data {
namespace {

constexpr std::size_t kShownBadRows = 10;

// The content of a stretch of the text, with ids and lines numbered from its own start.
struct Chunk {
  Interactions log;
  std::int64_t num_lines = 0;
};

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t") == std::string_view::npos;
}

// Reads a stretch of the text. Stops after the first bad row unless bad rows are skipped.
Chunk read_chunk(std::string_view text, const LogFormat& format, bool header, bool skip_bad_rows) {
  Chunk chunk;
  if (format.layout == Layout::kTable) {
    chunk.log.events.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) +
                             1);
  }
  RowParser parser(format, chunk.log);
  LineWalker lines(text, format.separator);
  for (std::string_view line; lines.next(line);) {
    if (is_blank(line) || std::exchange(header, false)) {
      continue;
    }
    const std::string problem = parser.add(line);
    if (problem.empty()) {
      continue;
    }
    ++chunk.log.num_bad_rows;
    if (chunk.log.bad_rows.size() < kShownBadRows) {
      chunk.log.bad_rows.push_back({static_cast<std::int64_t>(lines.number()),
                                    concat(problem, ": \"", excerpt(line), "\"")});
    }
    if (!skip_bad_rows) {
      break;
    }
  }
  chunk.num_lines = static_cast<std::int64_t>(lines.next_number()) - 1;
  return chunk;
}

// `text` cut into `count` stretches of about equal size that end at line ends.
std::vector<std::string_view> cut_at_lines(std::string_view text, std::size_t count) {
  std::vector<std::string_view> parts;
  while (count > 1 && !text.empty()) {
    const std::size_t end = text.find('\n', text.size() / count--);
    if (end == std::string_view::npos) {
      break;
    }
    parts.push_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  if (!text.empty()) {
    parts.push_back(text);
  }
  return parts;
}

void require_countable(std::size_t num_events, const std::string& path) {
  if (num_events > std::size_t{std::numeric_limits<std::int32_t>::max()}) {
    throw DataError("data: ", path, ": more than 2147483647 events");
  }
}

// The number of each id of `ids` in `known`, to which new ids are added.
std::vector<std::int32_t> translate(const IdMap& ids, IdMap& known) {
  std::vector<std::int32_t> numbers;
  numbers.reserve(static_cast<std::size_t>(ids.size()));
  for (const std::string& raw : ids.names()) {
    numbers.push_back(known.add(raw));
  }
  return numbers;
}

// Adds the bad rows of a chunk that begins after `num_lines` lines; throws DataError for the first
// one unless they are skipped.
void append_bad_rows(Interactions& chunk,
                     std::int64_t num_lines,
                     bool skip_bad_rows,
                     Interactions& log) {
  for (BadRow& row : chunk.bad_rows) {
    row.line += num_lines;
    if (!skip_bad_rows) {
      throw DataError("data: ",
                      log.path,
                      ":",
                      row.line,
                      ": ",
                      row.problem,
                      " (--on-bad-row skip passes over such rows)");
    }
    if (log.bad_rows.size() < kShownBadRows) {
      log.bad_rows.push_back(std::move(row));
    }
  }
  log.num_bad_rows += chunk.num_bad_rows;
}

// Moves the events of a chunk to the log, whose chunks hold `num_events` in all.
void append_chunk(Chunk& chunk, std::size_t num_events, Interactions& log) {
  if (log.users.size() == 0) {
    log.events = std::move(chunk.log.events);
    log.users = std::move(chunk.log.users);
    log.items = std::move(chunk.log.items);
    log.events.reserve(num_events);
  } else {
    append_events(log, chunk.log, LogPart::kTrain);
  }
  chunk.log = {};
}

}  // namespace

void append_events(Interactions& log, const Interactions& other, LogPart part) {
  require_countable(log.events.size() + other.events.size(), log.path);
  const std::vector<std::int32_t> users = translate(other.users, log.users);
  const std::vector<std::int32_t> items = translate(other.items, log.items);
  for (Event event : other.events) {
    event.user = users[static_cast<std::size_t>(event.user)];
    event.item = items[static_cast<std::size_t>(event.item)];
    event.part = part;
    log.events.push_back(event);
  }
}

void read_log(std::string_view text,
              const LogFormat& format,
              bool skip_bad_rows,
              Interactions& log,
              std::size_t chunk_bytes) {
  const bool may_quote = format.separator == "," || format.separator == ";";
  const bool one_thread = may_quote && text.find('"') != std::string_view::npos;
  const std::size_t num_chunks =
      one_thread ? 1
                 : std::clamp<std::size_t>(
                       text.size() / chunk_bytes, 1, static_cast<std::size_t>(num_threads()));
  std::vector<std::future<Chunk>> chunks;
  bool header = format.header;
  for (const std::string_view part : cut_at_lines(text, num_chunks)) {
    const auto read = [part, &format, header, skip_bad_rows] {
      return read_chunk(part, format, header, skip_bad_rows);
    };
    chunks.push_back(std::async(num_chunks > 1 ? std::launch::async : std::launch::deferred, read));
    header = header && part.find_first_not_of(" \t\r\n") == std::string_view::npos;
  }
  std::vector<Chunk> read;
  std::size_t num_events = 0;
  for (std::future<Chunk>& chunk : chunks) {
    num_events += read.emplace_back(chunk.get()).log.events.size();
  }
  require_countable(num_events, log.path);
  std::int64_t num_lines = 0;
  for (Chunk& chunk : read) {  // in text order, so that ids are numbered as by one thread
    append_bad_rows(chunk.log, num_lines, skip_bad_rows, log);
    append_chunk(chunk, num_events, log);
    num_lines += chunk.num_lines;
  }
}

}  // namespace elastic::data
