#include "tensor/segments.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace elastic {

Segments::Segments(std::vector<std::int32_t> offsets, Device device) : host_(std::move(offsets)) {
  require_shape(!host_.empty() && host_.front() == 0, "segments: offsets must start at 0");
  for (std::size_t b = 0; b + 1 < host_.size(); ++b) {
    require_shape(host_[b] <= host_[b + 1], "segments: offsets decrease at position ", b + 1);
    max_length_ = std::max(max_length_, host_[b + 1] - host_[b]);
  }
  device_ = Tensor::from(host_, {static_cast<std::int64_t>(host_.size())}, device);
}

Segments Segments::grouped(std::int32_t stride) const {
  std::vector<std::int32_t> offsets{0};
  offsets.reserve(host_.size());
  for (std::int64_t b = 0; b < size(); ++b) {
    offsets.push_back(offsets.back() + (length(b) + stride - 1) / stride);
  }
  return {std::move(offsets), device()};
}

Segments Segments::uniform(std::int64_t count, std::int32_t length, Device device) {
  std::vector<std::int32_t> offsets(static_cast<std::size_t>(count) + 1);
  for (std::size_t b = 0; b < offsets.size(); ++b) {
    offsets[b] = static_cast<std::int32_t>(b) * length;
  }
  return {std::move(offsets), device};
}

Tensor Segments::last_tokens() const {
  std::vector<std::int32_t> last;
  last.reserve(host_.size());
  for (std::int64_t b = 0; b < size(); ++b) {
    ELASTIC_CHECK(length(b) > 0, "segment ", b, " is empty");
    last.push_back(end(b) - 1);
  }
  return Tensor::from(last, {size()}, device());
}

}  // namespace elastic
