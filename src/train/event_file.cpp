#include "train/event_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <string_view>

#include "base/error.h"

namespace elastic::train {
namespace {

constexpr std::string_view kPrefix = "events.out.tfevents.";
constexpr int kNameDigits = 10;  // readers sort files by name

std::array<std::uint32_t, 256> make_crc_table() {
  constexpr std::uint32_t kPolynomial = 0x82f63b78;  // Castagnoli's, bits reversed
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t byte = 0; byte < table.size(); ++byte) {
    std::uint32_t crc = byte;
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1U) != 0 ? kPolynomial : 0U);
    }
    table[byte] = crc;
  }
  return table;
}

// TFRecord's masking: a CRC of data that contains CRCs is weak.
std::uint32_t masked(std::uint32_t crc) {
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8U;
}

template <class Bits>
void append_fixed(std::string& out, Bits value) {
  for (std::size_t byte = 0; byte < sizeof value; ++byte) {
    out += static_cast<char>((value >> (8 * byte)) & 0xffU);
  }
}

// A protobuf field: its number and wire type, then the value.
enum class Wire : std::uint32_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) {
    out += static_cast<char>((value & 0x7fU) | 0x80U);
  }
  out += static_cast<char>(value);
}

void append_key(std::string& out, std::uint32_t field, Wire wire) {
  append_varint(out, (field << 3) | static_cast<std::uint32_t>(wire));
}

void append_int(std::string& out, std::uint32_t field, std::int64_t value) {
  append_key(out, field, Wire::kVarint);
  append_varint(out, static_cast<std::uint64_t>(value));
}

void append_bytes(std::string& out, std::uint32_t field, std::string_view value) {
  append_key(out, field, Wire::kBytes);
  append_varint(out, value.size());
  out += value;
}

void append_double(std::string& out, std::uint32_t field, double value) {
  append_key(out, field, Wire::kFixed64);
  append_fixed(out, std::bit_cast<std::uint64_t>(value));
}

std::string event_at(double wall_time) {
  std::string event;
  append_double(event, 1, wall_time);
  return event;
}

// Summary.Value { string tag = 1; float simple_value = 2 }
std::string summary_value(const Scalar& scalar) {
  std::string value;
  append_bytes(value, 1, scalar.first);
  append_key(value, 2, Wire::kFixed32);
  append_fixed(value, std::bit_cast<std::uint32_t>(static_cast<float>(scalar.second)));
  return value;
}

// google.protobuf.Value { double number_value = 2; string string_value = 3; bool bool_value = 4 }
std::string protobuf_value(const Hparam::second_type& value) {
  std::string out;
  if (const auto* number = std::get_if<double>(&value)) {
    append_double(out, 2, *number);
  } else if (const auto* text = std::get_if<std::string>(&value)) {
    append_bytes(out, 3, *text);
  } else {
    append_int(out, 4, std::get<bool>(value) ? 1 : 0);
  }
  return out;
}

// HParamsPluginData { SessionStartInfo session_start_info = 3 { map<string, Value> hparams = 1;
// double start_time_secs = 5 } }; an entry of a map { key = 1; value = 2 }
std::string session_start(const std::vector<Hparam>& hparams) {
  std::string info;
  for (const auto& [name, value] : hparams) {
    std::string entry;
    append_bytes(entry, 1, name);
    append_bytes(entry, 2, protobuf_value(value));
    append_bytes(info, 1, entry);
  }
  append_double(info, 5, wall_time_now());
  std::string data;
  append_bytes(data, 3, info);
  return data;
}

// The seconds in the name of an event file; 0 for other files.
std::int64_t seconds_in(const std::string& name) {
  std::int64_t seconds = 0;
  if (name.rfind(kPrefix, 0) == 0) {
    std::from_chars(name.data() + kPrefix.size(), name.data() + name.size(), seconds);
  }
  return seconds;
}

// The current second, or one after the latest file: starts within a second keep their order.
std::string next_name(const std::string& folder) {
  auto seconds = static_cast<std::int64_t>(wall_time_now());
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    seconds = std::max(seconds, seconds_in(entry.path().filename().string()) + 1);
  }
  std::string digits = std::to_string(seconds);
  digits.insert(0, std::max<std::size_t>(kNameDigits, digits.size()) - digits.size(), '0');
  std::array<char, 256> host{};
  const bool named = ::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0';
  return concat(kPrefix, digits, ".", named ? host.data() : "localhost", ".", ::getpid());
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  static const std::array<std::uint32_t, 256> table = make_crc_table();
  std::uint32_t crc = 0xffffffffU;
  for (const char byte : bytes) {
    crc = (crc >> 8) ^ table[(crc ^ static_cast<unsigned char>(byte)) & 0xffU];
  }
  return ~crc;
}

double wall_time_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

EventFile::EventFile(const std::string& folder) : path_(folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) {
    throw Error(concat(folder, ": the folder cannot be created: ", error.message()));
  }
  path_ = folder + "/" + next_name(folder);
  descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    fail("open");
  }
  std::string event = event_at(wall_time_now());
  append_bytes(event, 3, "brain.Event:2");
  write_record(event);
}

EventFile::~EventFile() {
  if (descriptor_ >= 0) {
    ::close(descriptor_);
  }
}

void EventFile::restart_at(std::int64_t step) {
  constexpr std::int64_t kStart = 1;  // SessionLog { SessionStatus status = 1 }
  std::string session;
  append_int(session, 1, kStart);
  std::string event = event_at(wall_time_now());
  append_int(event, 2, step);
  append_bytes(event, 7, session);
  write_record(event);
}

void EventFile::write(double wall_time, std::int64_t step, const std::vector<Scalar>& scalars) {
  if (scalars.empty()) {
    return;
  }
  std::string summary;
  for (const Scalar& scalar : scalars) {
    append_bytes(summary, 1, summary_value(scalar));
  }
  std::string event = event_at(wall_time);
  append_int(event, 2, step);
  append_bytes(event, 5, summary);
  write_record(event);
}

void EventFile::write_hparams(const std::vector<Hparam>& hparams) {
  // Summary.Value { string tag = 1; SummaryMetadata metadata = 9 { PluginData plugin_data = 1 {
  // string plugin_name = 1; bytes content = 2 } } }
  std::string plugin;
  append_bytes(plugin, 1, "hparams");
  append_bytes(plugin, 2, session_start(hparams));
  std::string metadata;
  append_bytes(metadata, 1, plugin);
  std::string value;
  append_bytes(value, 1, "_hparams_/session_start_info");
  append_bytes(value, 9, metadata);
  std::string summary;
  append_bytes(summary, 1, value);
  std::string event = event_at(wall_time_now());
  append_bytes(event, 5, summary);
  write_record(event);
}

void EventFile::write_record(const std::string& message) {
  std::string record;
  append_fixed(record, static_cast<std::uint64_t>(message.size()));
  append_fixed(record, masked(crc32c(record)));
  record += message;
  append_fixed(record, masked(crc32c(message)));
  std::size_t done = 0;
  while (done < record.size()) {
    const ssize_t written = ::write(descriptor_, record.data() + done, record.size() - done);
    if (written >= 0) {
      done += static_cast<std::size_t>(written);
    } else if (errno != EINTR) {
      fail("write");
    }
  }
}

void EventFile::fail(const char* action) const {
  throw Error(concat(path_, ": cannot be written: ", action, " failed: ", std::strerror(errno)));
}

}  // namespace elastic::train
