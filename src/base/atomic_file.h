// Files that are replaced atomically: readers see the old content or the new, nothing in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace elastic {

/// Writes to a temporary file in the same folder and renames it at the end. On failure every method
/// throws an Error that names the file and the system call, and the old content stays in place.
/// Interrupted system calls (EINTR) are retried.
class AtomicFile {
 public:
  /// Opens `path` + ".PID.tmp".
  explicit AtomicFile(std::string path);
  /// Removes the temporary file unless `commit` succeeded.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  void write(const void* data, std::size_t bytes);
  void write(std::string_view text) { write(text.data(), text.size()); }
  /// Overwrites bytes that are already written, from `position` on; the position of the next write
  /// does not change.
  void overwrite(std::uint64_t position, std::string_view text);
  /// Makes the content durable, then visible: fsync, rename, fsync of the folder.
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;
  void flush();
  void write_through(const char* data, std::size_t bytes);
  void close();
  void sync_folder() const;

  std::string path_;
  std::string temporary_path_;
  std::string buffer_;  ///< not yet passed to the system
  int descriptor_ = -1;
};

/// Writes a small file in one call. Throws as AtomicFile does.
void write_file_atomically(const std::string& path, std::string_view content);

/// True for names of the form NAME.PID.tmp: temporary files left behind by a killed process.
bool is_atomic_leftover(std::string_view name);

}  // namespace elastic
