// Writes event files for TensorBoard: TFRecord frames around protobuf messages.
//
// A frame: length (8 bytes), masked CRC-32C of these (4), the message, masked CRC-32C of it (4),
// all little-endian. A message: Event { double wall_time = 1; int64 step = 2; string file_version =
// 3; Summary summary = 5; SessionLog session_log = 7 }.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace elastic::train {

/// CRC-32C: CRC-32 with Castagnoli's polynomial.
std::uint32_t crc32c(std::string_view bytes);

/// (tag, value).
using Scalar = std::pair<std::string, double>;
/// (name, value) of an option of the run.
using Hparam = std::pair<std::string, std::variant<double, bool, std::string>>;

class EventFile {
 public:
  /// Creates a file in `folder`, which is created too, with a name that readers sort after all
  /// existing ones. Throws Error naming the file.
  explicit EventFile(const std::string& folder);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  /// Makes readers discard events of earlier files from this step on.
  void restart_at(std::int64_t step);
  /// Writes one event, visible to readers immediately, or nothing if there are no scalars.
  /// `wall_time` is in seconds since 1970.
  void write(double wall_time, std::int64_t step, const std::vector<Scalar>& scalars);

  /// Writes the options that TensorBoard's HParams page shows beside the run.
  void write_hparams(const std::vector<Hparam>& hparams);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void write_record(const std::string& message);
  [[noreturn]] void fail(const char* action) const;

  std::string path_;
  int descriptor_ = -1;
};

/// The current time in seconds since 1970.
double wall_time_now();

}  // namespace elastic::train
