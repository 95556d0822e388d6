#include "tensor/segments.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "base/error.h"
#include "base/scope.h"
#include "tensor/backend.h"
#include "tensor/kernels/row_numbers.h"

namespace elastic {

Segments::Segments(std::vector<std::int32_t> offsets, Device device) : host_(std::move(offsets)) {
  require_shape(!host_.empty() && host_.front() == 0, "segments: offsets must start at 0");
  for (std::size_t b = 0; b + 1 < host_.size(); ++b) {
    require_shape(host_[b] <= host_[b + 1], "segments: offsets decrease at position ", b + 1);
    max_length_ = std::max(max_length_, host_[b + 1] - host_[b]);
  }
  device_ = Tensor::from(host_, {static_cast<std::int64_t>(host_.size())}, device);
}

Segments Segments::planned(Tensor offsets, std::int64_t num_tokens, std::int32_t max_length) {
  Segments result;
  const std::int64_t count = offsets.numel() - 1;
  result.host_.resize(static_cast<std::size_t>(count) + 1);
  for (std::int64_t b = 0; b <= count; ++b) {
    result.host_[static_cast<std::size_t>(b)] = static_cast<std::int32_t>(b * num_tokens / count);
  }
  result.device_ = std::move(offsets);
  result.max_length_ = max_length;
  result.planned_ = true;
  return result;
}

Segments Segments::grouped(std::int32_t stride) const {
  const OpScope scope(__func__);
  if (planned_) {
    Tensor offsets(device_.shape(), DType::kInt32, device());
    run(kernels::GroupOffsets{*this, stride, offsets});
    // Each segment has at least one group, and one of its groups may be padded.
    const std::int32_t longest = (max_length_ + stride - 1) / stride;
    const std::int64_t most = longest == 1 ? size() : num_tokens() / stride + size();
    return planned(std::move(offsets), most, longest);
  }
  std::vector<std::int32_t> offsets{0};
  offsets.reserve(host_.size());
  for (std::int64_t b = 0; b < size(); ++b) {
    offsets.push_back(offsets.back() + std::max(1, (length(b) + stride - 1) / stride));
  }
  return {std::move(offsets), device()};
}

Segments Segments::uniform(std::int64_t count, std::int32_t length, Device device) {
  const OpScope scope(__func__);
  Segments result;
  result.host_.resize(static_cast<std::size_t>(count) + 1);
  for (std::size_t b = 0; b < result.host_.size(); ++b) {
    result.host_[b] = static_cast<std::int32_t>(b) * length;
  }
  result.max_length_ = count > 0 ? length : 0;
  result.device_ = Tensor({count + 1}, DType::kInt32, device);
  run(kernels::Iota{std::numeric_limits<std::int32_t>::max(), length, result.device_});
  return result;
}

Tensor Segments::last_tokens() const {
  const OpScope scope(__func__);
  for (std::int64_t b = 0; b < size(); ++b) {
    ELASTIC_CHECK(length(b) > 0, "segment ", b, " is empty");
  }
  Tensor result({size()}, DType::kInt32, device());
  run(kernels::LastTokens{*this, result});
  return result;
}

Tensor Segments::positions(bool recent) const {
  const OpScope scope(__func__);
  Tensor result({num_tokens()}, DType::kInt32, device());
  run(kernels::Positions{*this, recent, result});
  return result;
}

}  // namespace elastic
