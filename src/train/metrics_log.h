// metrics.jsonl of a run: one JSON object per line, written as events happen.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "base/checksum.h"
#include "base/descriptor.h"

namespace elastic::train {

class MetricsLog {
 public:
  /// Opens the file and truncates it to `keep_bytes` bytes: 0 starts a new file, and a resumed run
  /// drops the lines that it will write again. Throws CheckpointError naming the file if it is no
  /// regular file, is shorter, or if these bytes have another checksum than `kept_checksum` ("":
  /// not checked).
  MetricsLog(const std::string& path,
             std::int64_t keep_bytes,
             const std::string& kept_checksum = "");
  ~MetricsLog() = default;
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// Calls `listener`, unless it is empty, with every line written from now on.
  void listen(std::function<void(const nlohmann::ordered_json&)> listener) {
    listener_ = std::move(listener);
  }
  /// Appends one line, visible to other processes immediately, and calls the listener. Throws Error
  /// naming the file.
  void write(const nlohmann::ordered_json& event);
  /// Makes the written lines durable (fsync).
  void sync();
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }
  /// Of all bytes of the file.
  [[nodiscard]] std::string checksum() const { return checksum_.hex(); }

 private:
  [[noreturn]] void fail(const char* action) const;
  void open();
  void read_kept(std::int64_t keep_bytes);

  std::string path_;
  Checksum checksum_;
  Descriptor descriptor_;
  std::int64_t bytes_ = 0;
  std::function<void(const nlohmann::ordered_json&)> listener_;
};

}  // namespace elastic::train
