// Standard output: results, and nothing else.
#pragma once

#include <string>
#include <string_view>

namespace elastic::cli {

/// The reader of our output has gone (`| head`): there is nobody to serve, which is no failure.
struct BrokenPipe {};

class Output {
 public:
  void write(std::string_view text);
  /// Hands on all that was written. Throws BrokenPipe, or Error for a full disk and the like.
  void flush();

 private:
  std::string buffer_;
};

/// Writes a whole result. Throws as Output::flush.
void print(std::string_view text);

}  // namespace elastic::cli
