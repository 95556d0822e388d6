#include "data/interaction_cache.h"

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/text_field.h"
#include "data/content_hash.h"
#include "data/data_config.h"
#include "data/json_document.h"
#include "data/text_file.h"

namespace elastic::data {
namespace {

// Raise this whenever parsing gives another result for some input, or the layout of entries
// changes. Entries of other versions have other names.
constexpr const char* kVersion = "elastic interactions 2";

// Serialises values as raw bytes: entries are read on the machine that wrote them.
class Writer {
 public:
  template <class T>
  void add(const T& value) {
    static_assert(std::is_trivially_copyable_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void add_text(std::string_view text) {
    add<std::uint64_t>(text.size());
    bytes_.append(text);
  }
  /// One field of all events, or a function of them.
  template <class Field>
  void add_column(const std::vector<Event>& events, Field field) {
    for (const Event& event : events) {
      add(std::invoke(field, event));
    }
  }
  void reserve(std::size_t bytes) { bytes_.reserve(bytes); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
};

// Reads the same values back; throws DataError instead of reading beyond the end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}

  template <class T>
  T take() {
    T value;
    std::memcpy(&value, take_bytes(sizeof value).data(), sizeof value);
    return value;
  }
  std::string_view take_text() { return take_bytes(take<std::uint64_t>()); }
  /// Number of the following elements, of at least `bytes` bytes each.
  std::size_t take_count(std::size_t bytes) {
    const auto count = take<std::uint64_t>();
    if (count > rest_.size() / bytes || count > std::uint64_t{std::numeric_limits<int>::max()}) {
      throw DataError("it holds fewer elements than it declares");
    }
    return count;
  }
  template <class T>
  void take_column(std::vector<Event>& events, T Event::*field) {
    take_values<T>(events, [field](Event& event, T value) { event.*field = value; });
  }
  template <class T, class Set>
  void take_values(std::vector<Event>& events, Set set) {
    const std::string_view column = take_bytes(events.size() * sizeof(T));
    for (std::size_t i = 0; i < events.size(); ++i) {
      T value;
      std::memcpy(&value, column.data() + i * sizeof(T), sizeof(T));
      set(events[i], value);
    }
  }
  void expect_end() const {
    if (!rest_.empty()) {
      throw DataError("it has extra bytes at its end");
    }
  }

 private:
  std::string_view take_bytes(std::size_t count) {
    if (count > rest_.size()) {
      throw DataError("it is truncated");
    }
    const std::string_view bytes = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return bytes;
  }

  std::string_view rest_;
};

// The text of an option's value.
template <class T>
std::string text_of(const T& value) {
  if constexpr (std::is_same_v<T, std::string>) {
    return value;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    std::string joined;
    for (const std::string& text : value) {
      joined += concat(text.size(), ":", text);
    }
    return joined;
  } else if constexpr (std::is_arithmetic_v<T>) {
    return std::to_string(value);
  } else {
    return TextField<T>::text(value);
  }
}

std::string hex_hash_of(std::string_view bytes) {
  ContentHash hash;
  hash.add(bytes);
  return hash.hex();
}

void add_ids(Writer& writer, const IdMap& ids) {
  writer.add<std::uint64_t>(ids.names().size());
  for (const std::string& raw : ids.names()) {
    writer.add_text(raw);
  }
}

void take_ids(Reader& reader, IdMap& ids) {
  const std::size_t count = reader.take_count(sizeof(std::uint64_t));
  for (std::size_t i = 0; i < count; ++i) {
    if (static_cast<std::size_t>(ids.add(reader.take_text())) != i) {
      throw DataError("it holds an id twice");
    }
  }
}

void add_rows(Writer& writer, const std::vector<BadRow>& rows) {
  writer.add<std::uint64_t>(rows.size());
  for (const BadRow& row : rows) {
    writer.add(row.line);
    writer.add_text(row.problem);
  }
}

std::vector<BadRow> take_rows(Reader& reader) {
  std::vector<BadRow> rows(reader.take_count(2 * sizeof(std::uint64_t)));
  for (BadRow& row : rows) {
    row.line = reader.take<std::int64_t>();
    row.problem = reader.take_text();
  }
  return rows;
}

bool has_fractions(const Interactions& log) {
  for (const Event& event : log.events) {
    if (event.billionths != 0) {
      return true;
    }
  }
  return false;
}

std::string encode(const Interactions& log) {
  Writer writer;
  writer.reserve(log.events.size() * sizeof(Event));
  writer.add_text(json_text(to_json(log.format)));
  writer.add<std::uint64_t>(log.notes.size());
  for (const std::string& note : log.notes) {
    writer.add_text(note);
  }
  writer.add(log.num_rows);
  writer.add(log.num_bad_rows);
  add_rows(writer, log.bad_rows);
  writer.add(log.num_far_times);
  add_rows(writer, log.far_times);
  add_ids(writer, log.users);
  add_ids(writer, log.items);
  writer.add(log.has_rating);
  writer.add(log.has_timestamp);
  writer.add(has_fractions(log));
  writer.add<std::uint64_t>(log.events.size());
  writer.add_column(log.events, &Event::user);
  writer.add_column(log.events, &Event::item);
  if (log.has_rating) {
    writer.add_column(log.events, &Event::rating);
  }
  if (log.has_timestamp) {
    writer.add_column(log.events, &Event::timestamp);
  }
  if (has_fractions(log)) {
    writer.add_column(log.events,
                      [](const Event& event) -> std::uint32_t { return event.billionths; });
  }
  return writer.bytes();
}

bool take_flag(Reader& reader) {
  return reader.take<std::uint8_t>() != 0;
}

void check_numbers(const Interactions& log) {
  for (const Event& event : log.events) {
    if (event.user < 0 || event.user >= log.users.size() || event.item < 0 ||
        event.item >= log.items.size()) {
      throw DataError("an event refers to a user or item that is not there");
    }
  }
}

void decode(std::string_view bytes, Interactions& log) {
  Reader reader(bytes);
  log.format = log_format_from_json(parse_json(reader.take_text()));
  log.notes.resize(reader.take_count(sizeof(std::uint64_t)));
  for (std::string& note : log.notes) {
    note = reader.take_text();
  }
  log.num_rows = reader.take<std::int64_t>();
  log.num_bad_rows = reader.take<std::int64_t>();
  log.bad_rows = take_rows(reader);
  log.num_far_times = reader.take<std::int64_t>();
  log.far_times = take_rows(reader);
  take_ids(reader, log.users);
  take_ids(reader, log.items);
  log.has_rating = take_flag(reader);
  log.has_timestamp = take_flag(reader);
  const bool fractions = take_flag(reader);
  log.events.resize(reader.take_count(2 * sizeof(std::int32_t)));
  reader.take_column(log.events, &Event::user);
  reader.take_column(log.events, &Event::item);
  if (log.has_rating) {
    reader.take_column(log.events, &Event::rating);
  }
  if (log.has_timestamp) {
    reader.take_column(log.events, &Event::timestamp);
  }
  if (fractions) {
    reader.take_values<std::uint32_t>(
        log.events, [](Event& event, std::uint32_t value) { event.set_billionths(value); });
  }
  reader.expect_end();
  check_numbers(log);
}

}  // namespace

InteractionCache::InteractionCache(const std::string& folder,
                                   std::string_view input,
                                   const ReadOptions& options) {
  if (folder.empty() || input.size() < kLeastCachedBytes) {
    return;
  }
  ContentHash hash;
  options::visit_read(options, [&](const char* name, const auto& field, const auto&...) {
    hash.add(name);
    hash.add(text_of(field));
  });
  const std::string options_hash = hash.hex();
  key_ = concat(kVersion, " ", hex_hash_of(input), " ", input.size(), " ", options_hash);
  path_ = (std::filesystem::path(folder) / concat(hex_hash_of(key_), ".interactions")).string();
}

// Layout of a file: the key, the hash of the rest, the rest.
bool InteractionCache::read(Interactions& log) const {
  std::error_code error;
  if (path_.empty() || !std::filesystem::exists(path_, error)) {
    return false;
  }
  Interactions found;
  try {
    const std::string bytes = read_bytes(path_);
    std::string_view rest = bytes;
    const std::string_view key = rest.substr(0, key_.size());
    rest.remove_prefix(key.size());
    constexpr std::size_t kHashDigits = 16;
    if (key != key_ || rest.size() < kHashDigits) {
      throw DataError("it belongs to another input, or is not a cache file");
    }
    if (hex_hash_of(rest.substr(kHashDigits)) != rest.substr(0, kHashDigits)) {
      throw DataError("it is damaged or truncated");
    }
    decode(rest.substr(kHashDigits), found);
  } catch (const DataError& problem) {
    log.cache_note = concat("cache: ", path_, " is not used: ", problem.what());
    return false;
  }
  found.path = log.path;
  found.cache_note = concat("cache: read from ", path_);
  log = std::move(found);
  return true;
}

void InteractionCache::write(Interactions& log) const {
  if (path_.empty()) {
    return;
  }
  const std::string before = log.cache_note.empty() ? "" : log.cache_note + "; ";
  try {
    std::filesystem::create_directories(std::filesystem::path(path_).parent_path());
    const std::string content = encode(log);
    AtomicFile file(path_);
    file.write(key_);
    file.write(hex_hash_of(content));
    file.write(content);
    file.commit();
    log.cache_note = concat(before, before.empty() ? "cache: " : "", "written to ", path_);
  } catch (const std::exception& problem) {
    log.cache_note =
        concat(before, "cache: not written: ", problem.what(), "; --cache names another folder");
  }
}

std::string default_cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') {  // the XDG specification says to ignore relative paths
    return concat(cache, "/elastic");
  }
  const char* home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? concat(home, "/.cache/elastic") : "";
}

}  // namespace elastic::data
