// The division of a ragged batch's tokens into sequences.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/operands.h"
#include "tensor/tensor.h"

namespace elastic {

/// B sequences over T tokens, oldest token first: sequence b holds tokens [offsets[b],
/// offsets[b+1]). The host copy plans the work, the device copy is read by kernels. A segment may
/// be empty only if the op allows it.
class Segments {
 public:
  Segments() = default;
  /// `offsets` [B+1], starting at 0, not decreasing. Throws ShapeError otherwise.
  Segments(std::vector<std::int32_t> offsets, Device device);

  /// B segments whose `offsets` [B+1] are known on the device only: for recorded work, which runs
  /// again with other offsets in the same tensor. They cover at most `num_tokens` tokens in
  /// segments of at most `max_length`. The host's lengths are a plan, all about equal; kernels that
  /// rely on them document it. Tokens may follow the last segment.
  static Segments planned(Tensor offsets, std::int64_t num_tokens, std::int32_t max_length);
  [[nodiscard]] bool is_planned() const { return planned_; }

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(host_.size()) - 1; }
  [[nodiscard]] std::int64_t num_tokens() const { return host_.back(); }
  [[nodiscard]] std::int32_t begin(std::int64_t b) const {
    return host_[static_cast<std::size_t>(b)];
  }
  [[nodiscard]] std::int32_t end(std::int64_t b) const {
    return host_[static_cast<std::size_t>(b) + 1];
  }
  [[nodiscard]] std::int32_t length(std::int64_t b) const { return end(b) - begin(b); }
  [[nodiscard]] std::int32_t max_length() const { return max_length_; }
  [[nodiscard]] const std::vector<std::int32_t>& host() const { return host_; }
  /// [B+1] int32 on the batch's device.
  [[nodiscard]] const Tensor& device_offsets() const { return device_; }
  [[nodiscard]] Device device() const { return device_.device(); }
  ELASTIC_OPERANDS(device_);

  /// Segments of ceil(length / stride) groups each, at least one.
  [[nodiscard]] Segments grouped(std::int32_t stride) const;
  /// `count` segments of equal length.
  static Segments uniform(std::int64_t count, std::int32_t length, Device device);
  /// Index of each segment's last token, [B] int32 on the device. No segment may be empty.
  [[nodiscard]] Tensor last_tokens() const;
  /// Each token's position in its segment, from the front or, with `recent`, from the end: [T]
  /// int32 on the device.
  [[nodiscard]] Tensor positions(bool recent) const;

 private:
  std::vector<std::int32_t> host_{0};
  Tensor device_;
  std::int32_t max_length_ = 0;
  bool planned_ = false;
};

}  // namespace elastic
