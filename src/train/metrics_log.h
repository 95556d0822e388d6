// metrics.jsonl of a run: one JSON object a line, written as it happens.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

namespace elastic::train {

class MetricsLog {
 public:
  /// Opens the file and cuts it back to its first `keep_bytes` bytes: 0 begins anew, and a resumed
  /// run drops what it is going to write again. A shorter file is kept as it is.
  MetricsLog(const std::string& path, std::int64_t keep_bytes);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;

  /// Who else wants every line from now on; may be empty.
  void listen(std::function<void(const nlohmann::ordered_json&)> listener) {
    listener_ = std::move(listener);
  }
  /// Appends one line, at once visible to others, and tells the listener. Throws Error naming the
  /// file.
  void write(const nlohmann::ordered_json& event);
  /// Makes what was written durable.
  void sync();
  [[nodiscard]] std::int64_t bytes() const { return bytes_; }

 private:
  [[noreturn]] void fail(const char* action) const;

  std::string path_;
  int descriptor_ = -1;
  std::int64_t bytes_ = 0;
  std::function<void(const nlohmann::ordered_json&)> listener_;
};

}  // namespace elastic::train
