// The extents of a tensor, at most four, row-major.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <span>

#include "base/error.h"

namespace elastic {

class Shape {
 public:
  static constexpr int kMaxRank = 4;

  Shape() = default;
  Shape(std::initializer_list<std::int64_t> extents);
  explicit Shape(std::span<const std::int64_t> extents);

  [[nodiscard]] int rank() const { return rank_; }
  /// Extent of dimension `i`; negative `i` counts from the last dimension.
  [[nodiscard]] std::int64_t operator[](int i) const;
  /// Product of the extents; 1 for a scalar.
  [[nodiscard]] std::int64_t numel() const;
  /// Product of all extents but the last: the rows of the tensor seen as a matrix.
  [[nodiscard]] std::int64_t rows() const;

  bool operator==(const Shape& other) const = default;

 private:
  std::array<std::int64_t, kMaxRank> extents_{};
  int rank_ = 0;
};

/// Prints as [2, 3].
std::ostream& operator<<(std::ostream& out, const Shape& shape);

/// Throws ShapeError with the concatenated arguments unless `condition` holds.
template <class... Args>
void require_shape(bool condition, const Args&... args) {
  if (!condition) {
    throw ShapeError(args...);
  }
}

}  // namespace elastic
