#include "data/log_reader.h"

#include <algorithm>
#include <cmath>
#include <future>
#include <limits>
#include <utility>
#include <vector>

#include "base/error.h"
#include "data/fields.h"
#include "data/log_times.h"
#include "data/row_parser.h"
#include "data/spent_memory.h"
#include "tensor/threads.h"

namespace elastic::data {
namespace {

constexpr std::size_t kShownBadRows = 10;

// The lines of events: those from one mark to the next are on consecutive lines.
class EventLines {
 public:
  void add(std::int64_t first_event, std::int64_t line, bool several) {
    constexpr std::size_t kMostMarks = std::size_t{1} << 20;
    if (line - first_event == offset_) {
      return;
    }
    if (marks_.size() == kMostMarks) {
      known_ = std::min(known_, first_event);
      return;
    }
    marks_.push_back({first_event, line, several});
    offset_ = several ? kNone : line - first_event;
  }

  /// 0 after too many jumps of the lines.
  [[nodiscard]] std::int64_t line_of(std::int64_t event) const {
    if (event >= known_) {
      return 0;
    }
    const auto next = std::upper_bound(
        marks_.begin(), marks_.end(), event, [](std::int64_t at, const Mark& mark) {
          return at < mark.event;
        });
    ELASTIC_CHECK(next != marks_.begin());
    const Mark& mark = *(next - 1);
    return mark.several ? mark.line : mark.line + event - mark.event;
  }

 private:
  struct Mark {
    std::int64_t event;
    std::int64_t line;
    bool several;  // the line has several events
  };
  static constexpr std::int64_t kNone = std::numeric_limits<std::int64_t>::min();
  std::int64_t offset_ = kNone;
  std::vector<Mark> marks_;
  std::int64_t known_ = std::numeric_limits<std::int64_t>::max();
};

// The content of a stretch of the text, with ids and lines numbered from its own start.
struct Chunk {
  Interactions log;
  std::int64_t num_lines = 0;
  EventLines lines;
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

// Reads a stretch of the text, whose memory is spent.
Chunk read_chunk(std::string_view text, const LogFormat& format) {
  Chunk chunk;
  if (format.layout == Layout::kTable && !format.has_lists()) {
    chunk.log.events.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) +
                             1);
  }
  RowParser parser(format);
  LongestRows longest;
  LineWalker lines(text, format.syntax);
  SpentMemory spent(text.data());
  for (std::string_view line; lines.next(line);) {
    spent.spend_before(line.data());
    const auto number = static_cast<std::int64_t>(lines.number());
    const RowParser::Result result = parser.read(line, number);
    if (result == RowParser::Result::kPassed) {
      continue;
    }
    ++chunk.log.num_rows;
    if (result == RowParser::Result::kEvents) {
      if (!format.prefixes) {
        if (!parser.events().empty()) {
          chunk.lines.add(static_cast<std::int64_t>(chunk.log.events.size()),
                          number,
                          parser.events().size() > 1);
        }
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

// Adds the events of `other`; `pass` is called with each before it is read.
template <class Pass>
void add_translated(Interactions& log, const Interactions& other, LogPart part, Pass&& pass) {
  const std::vector<std::int32_t> users = translate(other.users, log.users);
  const std::vector<std::int32_t> items = translate(other.items, log.items);
  for (const Event& read : other.events) {
    pass(read);
    Event event = read;
    event.user = users[static_cast<std::size_t>(event.user)];
    event.item = items[static_cast<std::size_t>(event.item)];
    event.part = part;
    log.events.push_back(event);
  }
}

// Moves the events of a chunk to the log, whose chunks hold `num_events` in all. Their memory is
// spent, so that all events are not there twice.
void append_chunk(Chunk& chunk, std::size_t num_events, Interactions& log) {
  if (chunk.log.events.size() == num_events) {
    log.events = std::move(chunk.log.events);
    log.users = std::move(chunk.log.users);
    log.items = std::move(chunk.log.items);
  } else {
    log.events.reserve(num_events);
    SpentMemory spent(chunk.log.events.data());
    add_translated(
        log, chunk.log, LogPart::kTrain, [&](const Event& event) { spent.spend_before(&event); });
  }
  chunk.log = {};
}

}  // namespace

void append_events(Interactions& log, const Interactions& other, LogPart part) {
  require_countable(log.events.size() + other.events.size(), log.path);
  add_translated(log, other, part, [](const Event&) {});
}

namespace {

// Reads the stretches of the text, in its order. Their memory is spent.
std::vector<Chunk> read_chunks(std::string_view text,
                               const LogFormat& format,
                               std::size_t chunk_bytes) {
  const bool spans_lines = format.syntax.spans_lines() && text.find('"') != std::string_view::npos;
  const bool one_thread =
      spans_lines || format.group_heads || format.prefixes || format.numbers_users();
  const std::size_t num_chunks =
      one_thread ? 1
                 : std::clamp<std::size_t>(
                       text.size() / chunk_bytes, 1, static_cast<std::size_t>(num_threads()));
  std::vector<std::future<Chunk>> chunks;
  for (const std::string_view part : cut_at_lines(text, num_chunks)) {
    const auto read = [part, &format] { return read_chunk(part, format); };
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

struct ChunkLines {
  std::int64_t first_event;  // of the whole log
  std::int64_t lines_before;
  EventLines lines;
};

std::vector<ChunkLines> take_lines(std::vector<Chunk>& chunks) {
  std::vector<ChunkLines> taken;
  std::int64_t events = 0;
  std::int64_t num_lines = 0;
  for (Chunk& chunk : chunks) {
    taken.push_back({events, num_lines, std::move(chunk.lines)});
    events += static_cast<std::int64_t>(chunk.log.events.size());
    num_lines += chunk.num_lines;
  }
  return taken;
}

// Names the lines of the events whose time is far from the bulk.
void note_far_times(const std::vector<ChunkLines>& chunks, Interactions& log) {
  const FarTimes far = find_far_times(log);
  log.num_far_times = far.count;
  const std::int64_t unit = far.count > 0 ? time_unit(log) : 1;
  for (const std::int32_t position : far.first) {
    const auto chunk = std::find_if(chunks.rbegin(), chunks.rend(), [&](const ChunkLines& c) {
      return c.first_event <= position;
    });
    const Event& event = log.events[static_cast<std::size_t>(position)];
    log.far_times.push_back(
        {chunk->lines_before + chunk->lines.line_of(position - chunk->first_event),
         describe_time(moment_of(event), unit)});
  }
}

bool may_skip(const Interactions& counts, const BadRowRule& rule) {
  return static_cast<double>(counts.num_bad_rows) <=
         rule.max_share * static_cast<double>(counts.num_rows);
}

// What to do about bad rows. Skipping is advised only if they are few, or lack only a value.
std::string advice(const Interactions& counts, const LogFormat& format, const BadRowRule& rule) {
  const std::string share = concat(counts.num_bad_rows, " of ", counts.num_rows, " rows");
  const std::string& problem = counts.bad_rows.front().problem;
  std::string text;
  if (may_skip(counts, rule)) {
    text = concat("--on-bad-row skip passes over such rows: ", share);
  } else if (problem.find(" is empty") != std::string::npos ||
             problem.find(" is missing") != std::string::npos) {
    const double bad = static_cast<double>(counts.num_bad_rows) /
                       static_cast<double>(std::max<std::int64_t>(counts.num_rows, 1));
    text = concat("--on-bad-row skip --max-bad-rows ",
                  std::min(1.0, std::ceil(100.0 * bad) / 100.0),
                  " passes over such rows: ",
                  share);
  } else {
    text = concat(share, " cannot be read as ", format.describe());
  }
  if (problem.find(" as rating") != std::string::npos) {
    text += "; --rating-column - ignores the ratings";
  }
  return text;
}

// Throws for the first bad row.
[[noreturn]] void refuse_bad_row(const Interactions& counts,
                                 const LogFormat& format,
                                 const BadRowRule& rule,
                                 const std::string& path) {
  const BadRow& first = counts.bad_rows.front();
  throw DataError("data: ",
                  path,
                  ":",
                  first.line,
                  ": ",
                  first.problem,
                  " (",
                  advice(counts, format, rule),
                  ")");
}

}  // namespace

void read_log(std::string text,
              const LogFormat& format,
              const BadRowRule& rule,
              Interactions& log,
              std::size_t chunk_bytes) {
  std::vector<Chunk> chunks = read_chunks(text, format, chunk_bytes);
  std::string().swap(text);  // an assignment of {} keeps the memory
  Interactions counts = bad_rows_of(chunks);
  if (counts.num_bad_rows > 0 && !rule.skip) {
    refuse_bad_row(counts, format, rule, log.path);
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
  const std::vector<ChunkLines> lines = take_lines(chunks);
  for (Chunk& chunk : chunks) {  // in text order, so that ids are numbered as by one thread
    append_chunk(chunk, num_events, log);
  }
  note_far_times(lines, log);
}

}  // namespace elastic::data
