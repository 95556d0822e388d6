// Standard output, which holds results only.
#pragma once

#include <string>
#include <string_view>

namespace elastic::cli {

/// Thrown when the reader of standard output has closed it (`| head`). The tool then ends with
/// success.
struct BrokenPipe {};

class Output {
 public:
  void write(std::string_view text);
  /// Writes everything to standard output. Throws BrokenPipe, or Error if that fails, for instance
  /// on a full disk.
  void flush();

 private:
  std::string buffer_;
};

/// Writes `text` and flushes. Throws as Output::flush.
void print(std::string_view text);

}  // namespace elastic::cli
