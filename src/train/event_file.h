// Event files as TensorBoard reads them: TFRecord frames around protobuf messages, written by hand.
//
// A frame: length (8 bytes), masked CRC-32C of these (4), the message, masked CRC-32C of it (4),
// all little-endian. A message: Event { double wall_time = 1; int64 step = 2; string file_version =
// 3; Summary summary = 5; SessionLog session_log = 7 }.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace elastic::train {

/// CRC-32 with Castagnoli's polynomial.
std::uint32_t crc32c(std::string_view bytes);

/// Tag and value.
using Scalar = std::pair<std::string, double>;

class EventFile {
 public:
  /// Makes a new file in `folder` (made too), named so that readers take it after all that are
  /// there. Throws Error naming the file.
  explicit EventFile(const std::string& folder);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  /// Tells readers to forget what earlier files say of this step and later ones.
  void restart_at(std::int64_t step);
  /// One event, at once visible to readers; `wall_time` in seconds since 1970. Nothing for no
  /// scalars.
  void write(double wall_time, std::int64_t step, const std::vector<Scalar>& scalars);

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  void write_record(const std::string& message);
  [[noreturn]] void fail(const char* action) const;

  std::string path_;
  int descriptor_ = -1;
};

/// Now, in seconds since 1970.
double wall_time_now();

}  // namespace elastic::train
