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

// The longest row of each user, where each row repeats the history.
class LongestRows {
 public:
  void add(const std::vector<RowEvent>& events, Interactions& log) {
    const auto user = static_cast<std::size_t>(log.users.add(events.front().user));
    rows_.resize(std::max(rows_.size(), user + 1));
    if (rows_[user].size() >= events.size()) {
      return;
    }
    rows_[user].clear();
    for (const RowEvent& event : events) {
      rows_[user].push_back(log.items.add(event.item));
    }
  }

  void finish(Interactions& log) const {
    for (std::size_t user = 0; user < rows_.size(); ++user) {
      for (const std::int32_t item : rows_[user]) {
        Event event;
        event.user = static_cast<std::int32_t>(user);
        event.item = item;
        log.events.push_back(event);
      }
    }
  }

 private:
  std::vector<std::vector<std::int32_t>> rows_;
};

void add_events(const std::vector<RowEvent>& events, Interactions& log) {
  for (const RowEvent& row : events) {
    Event event = row.event;
    event.user = log.users.add(row.user);
    event.item = log.items.add(row.item);
    log.events.push_back(event);
  }
}

// Reads a stretch of the text. Stops after the first bad row unless bad rows are skipped.
Chunk read_chunk(std::string_view text, const LogFormat& format, bool skip_bad_rows) {
  Chunk chunk;
  if (format.layout == Layout::kTable && !format.has_lists()) {
    chunk.log.events.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) +
                             1);
  }
  RowParser parser(format);
  LongestRows longest;
  LineWalker lines(text, format.syntax);
  for (std::string_view line; lines.next(line);) {
    const auto number = static_cast<std::int64_t>(lines.number());
    const RowParser::Result result = parser.read(line, number);
    if (result == RowParser::Result::kPassed) {
      continue;
    }
    ++chunk.log.num_rows;
    if (result == RowParser::Result::kEvents) {
      if (!format.prefixes) {
        add_events(parser.events(), chunk.log);
      } else if (!parser.events().empty()) {
        longest.add(parser.events(), chunk.log);
      }
      continue;
    }
    ++chunk.log.num_bad_rows;
    if (chunk.log.bad_rows.size() < kShownBadRows) {
      chunk.log.bad_rows.push_back({number, concat(parser.problem(), ": \"", excerpt(line), "\"")});
    }
    if (!skip_bad_rows) {
      break;
    }
  }
  longest.finish(chunk.log);
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

// Adds the bad rows of a chunk that begins after `num_lines` lines.
void append_bad_rows(Interactions& chunk, std::int64_t num_lines, Interactions& log) {
  for (BadRow& row : chunk.bad_rows) {
    row.line += num_lines;
    if (log.bad_rows.size() < kShownBadRows) {
      log.bad_rows.push_back(std::move(row));
    }
  }
  log.num_bad_rows += chunk.num_bad_rows;
  log.num_rows += chunk.num_rows;
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

namespace {

// Reads the stretches of the text, in its order.
std::vector<Chunk> read_chunks(std::string_view text,
                               const LogFormat& format,
                               bool skip_bad_rows,
                               std::size_t chunk_bytes) {
  const bool spans_lines = format.syntax.spans_lines() && text.find('"') != std::string_view::npos;
  const bool numbers_users =
      format.layout != Layout::kSequences && format.find(Role::kUser) == nullptr;
  const bool one_thread = spans_lines || format.group_heads || format.prefixes || numbers_users;
  const std::size_t num_chunks =
      one_thread ? 1
                 : std::clamp<std::size_t>(
                       text.size() / chunk_bytes, 1, static_cast<std::size_t>(num_threads()));
  std::vector<std::future<Chunk>> chunks;
  for (const std::string_view part : cut_at_lines(text, num_chunks)) {
    const auto read = [part, &format, skip_bad_rows] {
      return read_chunk(part, format, skip_bad_rows);
    };
    chunks.push_back(std::async(num_chunks > 1 ? std::launch::async : std::launch::deferred, read));
  }
  std::vector<Chunk> read;
  for (std::future<Chunk>& chunk : chunks) {
    read.push_back(chunk.get());
  }
  return read;
}

// Counts and describes the bad rows of all chunks.
Interactions bad_rows_of(std::vector<Chunk>& chunks) {
  Interactions counts;
  std::int64_t num_lines = 0;
  for (Chunk& chunk : chunks) {
    append_bad_rows(chunk.log, num_lines, counts);
    num_lines += chunk.num_lines;
  }
  return counts;
}

bool may_skip(const Interactions& counts, const BadRowRule& rule) {
  return static_cast<double>(counts.num_bad_rows) <=
         rule.max_share * static_cast<double>(counts.num_rows);
}

// Throws for the first bad row. Advises to skip bad rows only if they are few.
[[noreturn]] void refuse_bad_row(std::string_view text,
                                 const LogFormat& format,
                                 const BadRowRule& rule,
                                 const std::string& path,
                                 std::size_t chunk_bytes) {
  std::vector<Chunk> chunks = read_chunks(text, format, /*skip_bad_rows=*/true, chunk_bytes);
  const Interactions counts = bad_rows_of(chunks);
  const BadRow& first = counts.bad_rows.front();
  const std::string share = concat(counts.num_bad_rows, " of ", counts.num_rows, " rows");
  throw DataError("data: ",
                  path,
                  ":",
                  first.line,
                  ": ",
                  first.problem,
                  may_skip(counts, rule)
                      ? concat(" (--on-bad-row skip passes over such rows: ", share, ")")
                      : concat(" (", share, " cannot be read as ", format.describe(), ")"));
}

}  // namespace

void read_log(std::string_view text,
              const LogFormat& format,
              const BadRowRule& rule,
              Interactions& log,
              std::size_t chunk_bytes) {
  std::vector<Chunk> chunks = read_chunks(text, format, rule.skip, chunk_bytes);
  Interactions counts = bad_rows_of(chunks);
  if (counts.num_bad_rows > 0 && !rule.skip) {
    refuse_bad_row(text, format, rule, log.path, chunk_bytes);
  }
  if (!may_skip(counts, rule)) {
    throw DataError("data: ",
                    log.path,
                    ": ",
                    counts.num_bad_rows,
                    " of ",
                    counts.num_rows,
                    " rows cannot be read, more than --max-bad-rows ",
                    rule.max_share,
                    " allows; the first is line ",
                    counts.bad_rows.front().line,
                    ": ",
                    counts.bad_rows.front().problem);
  }
  log.num_rows = counts.num_rows;
  log.num_bad_rows = counts.num_bad_rows;
  log.bad_rows = std::move(counts.bad_rows);
  std::size_t num_events = 0;
  for (const Chunk& chunk : chunks) {
    num_events += chunk.log.events.size();
  }
  require_countable(num_events, log.path);
  for (Chunk& chunk : chunks) {  // in text order, so that ids are numbered as by one thread
    append_chunk(chunk, num_events, log);
  }
}

}  // namespace elastic::data
