// Files that a reader sees as they were or as they will be, never in between.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace elastic {

/// Writes to a temporary file in the same folder and renames it at the end. Every failure is an
/// Error that names the file and leaves the former content in place.
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
  /// Replaces what was written from `offset` on, all of it written already; the end stays the end.
  void overwrite(std::uint64_t offset, std::string_view text);
  /// Makes the content durable, then visible: fsync, rename, fsync of the folder.
  void commit();

 private:
  [[noreturn]] void fail(const char* action) const;
  void close();

  std::string path_;
  std::string temporary_path_;
  int descriptor_ = -1;
};

/// The whole of a small file at once.
void write_file_atomically(const std::string& path, std::string_view content);

}  // namespace elastic
