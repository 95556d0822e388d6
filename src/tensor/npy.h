// Matrices of NumPy: the .npy format. Written in version 1.0, float32 in C order.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/atomic_file.h"

namespace elastic {

/// Whether these are the first bytes of a .npy file.
bool is_npy(std::string_view bytes);

/// The rows of the matrix in the bytes of a .npy file: any version, float32 or float64, little
/// endian, in C or Fortran order. Throws DataError naming `path` for anything else, and for
/// elements that are fewer or more than the header says.
std::vector<std::vector<double>> npy_rows(std::string_view bytes, const std::string& path);

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
