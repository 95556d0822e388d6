// Lines of a file or of standard input, each as soon as it arrives.
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
  /// Opens the file; "-" is standard input. Once `stop` is not 0, the input ends after the lines
  /// that have arrived. Throws DataError if the file cannot be opened.
  explicit LineReader(const std::string& path, const std::atomic<int>* stop = nullptr);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// Sets an action to call while `next` waits for input, on the same thread: at once after a
  /// signal, and at least ten times a second. Only for a reader with `stop`.
  void on_waiting(std::function<void()> action) { waiting_ = std::move(action); }

  /// A longer line is cut to one byte more than this. Enough for ten million ids.
  static constexpr std::size_t kMaxLineBytes = std::size_t{1} << 26;

  /// Waits for the next line. Returns it as UTF-8, without its end (\n or \r\n) and without a
  /// byte-order mark; nullopt at the end of the input. A line that is not UTF-8 is converted as a
  /// log's. Throws DataError if reading fails.
  std::optional<std::string> next();
  /// True if `next` would return without waiting.
  bool ready();
  /// The number, from 1, of the line that `next` returned last.
  [[nodiscard]] std::int64_t line_number() const { return line_number_; }
  /// The file for messages: its path, or "standard input".
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  void read_more();
  bool has_line();

  std::string name_;
  int descriptor_;
  const std::atomic<int>* stop_;
  std::function<void()> waiting_;
  std::string buffer_;
  std::size_t begin_ = 0;     ///< of the text that `next` has not returned yet
  std::size_t searched_ = 0;  ///< no line ends between `begin_` and here
  bool at_end_ = false;
  std::int64_t line_number_ = 0;
};

}  // namespace elastic::cli
