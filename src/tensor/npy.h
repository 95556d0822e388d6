// Matrices for NumPy: the .npy format, version 1.0, float32 in C order.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/atomic_file.h"

namespace elastic {

/// Writes a matrix row by row; the number of rows need not be known in advance.
class NpyWriter {
 public:
  /// Opens a matrix of `cols` columns. Throws Error if `path` cannot be written.
  NpyWriter(const std::string& path, std::int64_t cols);

  /// Appends whole rows, [n * cols].
  void append(std::span<const float> rows);
  [[nodiscard]] std::int64_t rows() const { return rows_; }
  /// Moves the complete file to its path; without this call no file remains.
  void commit();

 private:
  AtomicFile file_;
  std::int64_t cols_;
  std::int64_t rows_ = 0;
};

}  // namespace elastic
