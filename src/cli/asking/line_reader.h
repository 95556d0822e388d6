// Lines of a file or of standard input, as they come.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>

namespace elastic::cli {

class LineReader {
 public:
  /// "-" is standard input. Once `stop` is not 0, the input ends after the lines that are there.
  /// Throws DataError if the file cannot be opened.
  explicit LineReader(const std::string& path, const std::atomic<int>* stop = nullptr);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Called on the reading thread while the input keeps `next` waiting, at once after a signal and
  /// at least ten times a second. Of a reader with `stop`.
  void on_waiting(std::function<void()> action) { waiting_ = std::move(action); }

  /// The next line without its end (\n or \r\n) or a byte-order mark, waiting for it; nothing at
  /// the end of the input.
  std::optional<std::string> next();
  /// True when `next` would answer without waiting for whoever writes the input.
  bool ready();
  /// Of the line that `next` gave last, from 1.
  [[nodiscard]] std::int64_t line_number() const { return line_number_; }
  /// For messages.
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void read_more();
  [[nodiscard]] bool has_line() const { return buffer_.find('\n', begin_) != std::string::npos; }

  std::string name_;
  int descriptor_;
  const std::atomic<int>* stop_;
  std::function<void()> waiting_;
  std::string buffer_;
  std::size_t begin_ = 0;  ///< of what `next` has not given yet
  bool at_end_ = false;
  std::int64_t line_number_ = 0;
};

}  // namespace elastic::cli
