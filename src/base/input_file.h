// Files of a run are regular files; everything else is refused with the reason and without waiting.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/descriptor.h"

namespace elastic {

/// A regular file, opened for reading from its beginning. Throws CheckpointError that names the
/// file and the reason: no such file, a folder, a pipe or a device (which could block or never
/// end), or the text of errno. Interrupted system calls (EINTR) are retried.
class InputFile {
 public:
  explicit InputFile(std::string path);

  /// The size in bytes when the file was opened.
  [[nodiscard]] std::uint64_t size() const { return size_; }
  /// Reads up to `bytes` bytes; fewer only at the end of the file.
  std::size_t read_some(void* target, std::size_t bytes);
  /// Reads exactly `bytes` bytes. Throws CheckpointError if the file ends before.
  void read(void* target, std::size_t bytes);

 private:
  [[noreturn]] void refuse(int error) const;

  std::string path_;
  std::uint64_t size_ = 0;
  Descriptor descriptor_;
};

/// The whole content of a regular file. Throws as InputFile does.
std::string read_whole_file(const std::string& path);

/// True unless `path` names nothing at all: also for a folder, a pipe, a dangling link, and a file
/// in a folder that may not be searched, all of which InputFile refuses with the reason.
bool is_present(const std::string& path);

}  // namespace elastic
