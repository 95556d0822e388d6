// Functions shared by all fuzz targets. A target is one file with one LLVMFuzzerTestOneInput, built
// with libFuzzer (ELASTIC_FUZZ, clang), or with replay.cpp by any compiler. Bad input must be
// refused with elastic::Error. Any other failure is a finding and ends the process.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "base/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace elastic::fuzz {

inline std::string_view text_of(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// A file in memory only.
class MemoryFile {
 public:
  explicit MemoryFile(std::string_view content) : descriptor_(memfd_create("fuzz", MFD_CLOEXEC)) {
    if (descriptor_ < 0 ||
        ::write(descriptor_, content.data(), content.size()) != ssize_t(content.size())) {
      std::abort();
    }
  }
  ~MemoryFile() { ::close(descriptor_); }
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;

  [[nodiscard]] std::string path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

 private:
  int descriptor_;
};

/// Runs `action`, which may refuse its input.
template <class Action>
void refused_at_most(Action&& action) {
  try {
    action();
  } catch (const Error& error) {
    if (std::string_view(error.what()).empty()) {
      std::abort();  // a refusal must give a reason
    }
  }
}

}  // namespace elastic::fuzz
