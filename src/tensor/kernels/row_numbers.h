// Numbers of tokens and of groups of tokens, int32.
#pragma once

#include <cstdint>

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// out[i] = i % modulus * step, any shape, int32.
struct Iota {
  static constexpr const char* kName = "iota";
  std::int32_t modulus;
  std::int32_t step;
  Tensor& out;
  ELASTIC_OPERANDS(out);
  double flops() const { return 0.0; }
};

/// Each token's position in its segment, out [T]: from the front, or from the end with `recent`.
struct Positions {
  static constexpr const char* kName = "positions";
  const Segments& segments;
  bool recent;
  Tensor& out;
  ELASTIC_OPERANDS(segments, out);
  double flops() const { return 0.0; }
};

/// The index of each segment's last token, out [B]. No segment may be empty.
struct LastTokens {
  static constexpr const char* kName = "last_tokens";
  const Segments& segments;
  Tensor& out;
  ELASTIC_OPERANDS(segments, out);
  double flops() const { return 0.0; }
};

/// Offsets [B + 1] of segments with max(1, ceil(length / stride)) groups each.
struct GroupOffsets {
  static constexpr const char* kName = "group_offsets";
  const Segments& segments;
  std::int32_t stride;
  Tensor& out;
  ELASTIC_OPERANDS(segments, out);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels
