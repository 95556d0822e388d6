#include "tensor/shape.h"

namespace elastic {

Shape::Shape(std::initializer_list<std::int64_t> extents)
    : Shape(std::span<const std::int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const std::int64_t> extents) {
  require_shape(extents.size() <= kMaxRank, "shape: at most 4 dimensions, got ", extents.size());
  for (const std::int64_t extent : extents) {
    require_shape(extent >= 0, "shape: negative extent ", extent);
    extents_[static_cast<std::size_t>(rank_++)] = extent;
  }
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
