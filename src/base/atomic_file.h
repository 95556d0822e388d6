// Files that a reader sees as they were or as they will be, never in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace elastic {

/// Writes to a temporary file in the same folder and renames it at the end. Every failure is an
/// Error that names the file and the system call, and leaves the former content in place; one that
/// the system interrupted (EINTR) is tried again.
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
  /// Replaces what was written from `position` on, all of it written already; the end stays the
  /// end.
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
  std::string buffer_;  ///< written, but not yet handed to the system
  int descriptor_ = -1;
};

/// The whole of a small file at once.
void write_file_atomically(const std::string& path, std::string_view content);

/// Whether a file of this name is what a killed process left of an AtomicFile: NAME.PID.tmp.
bool is_atomic_leftover(std::string_view name);

}  // namespace elastic
