#include "tensor/shape.h"

#include <algorithm>

namespace elastic {
namespace {

// The most elements: eight bytes of each fit in the positive numbers of 64 bits.
constexpr std::int64_t kMaxElements = std::int64_t{1} << 60;

// Whether the product of every part of the extents fits, whatever extents of 0 are among them.
bool countable(std::span<const std::int64_t> extents) {
  std::int64_t most = kMaxElements;
  for (const std::int64_t extent : extents) {
    most /= std::max<std::int64_t>(1, extent);
  }
  return most > 0;
}

}  // namespace

Shape::Shape(std::initializer_list<std::int64_t> extents)
    : Shape(std::span<const std::int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const std::int64_t> extents) {
  require_shape(extents.size() <= kMaxRank, "shape: at most 4 dimensions, got ", extents.size());
  for (const std::int64_t extent : extents) {
    require_shape(extent >= 0, "shape: negative extent ", extent);
    extents_[static_cast<std::size_t>(rank_++)] = extent;
  }
  require_shape(countable(extents), "shape: more elements than can be counted in ", *this);
}

std::int64_t Shape::operator[](int i) const {
  const int index = i < 0 ? i + rank_ : i;
  ELASTIC_CHECK(index >= 0 && index < rank_, "dimension ", i, " of ", *this);
  return extents_[static_cast<std::size_t>(index)];
}

std::int64_t Shape::numel() const {
  std::int64_t product = 1;
  for (int i = 0; i < rank_; ++i) {
    product *= extents_[static_cast<std::size_t>(i)];
  }
  return product;
}

std::int64_t Shape::rows() const {
  std::int64_t product = 1;
  for (int i = 0; i + 1 < rank_; ++i) {
    product *= extents_[static_cast<std::size_t>(i)];
  }
  return product;
}

std::ostream& operator<<(std::ostream& out, const Shape& shape) {
  out << '[';
  for (int i = 0; i < shape.rank(); ++i) {
    out << (i == 0 ? "" : ", ") << shape[i];
  }
  return out << ']';
}

}  // namespace elastic
