#include "autograd/ops/segment_mean.h"

#include "autograd/ops/segment_attention.h"
#include "base/scope.h"

namespace elastic::ops {
namespace {

// The number of heads changes no mean; small heads fit the attention kernels' tiles.
std::int64_t num_slices(std::int64_t dim) {
  constexpr std::int64_t kHeadDim = 64;
  std::int64_t slices = (dim + kHeadDim - 1) / kHeadDim;
  while (dim % slices != 0) {
    ++slices;
  }
  return slices;
}

}  // namespace

Variable segment_mean(const Variable& x, const Segments& segments) {
  const OpScope scope(__func__);
  require_shape(x.shape().rank() == 2 && x.shape()[0] == segments.num_tokens(),
                "segment_mean: expected [",
                segments.num_tokens(),
                ", D] to match the segments, got ",
                x.shape());
  const Tensor& tokens = x.value();
  const Variable query(
      zeros({segments.size(), x.shape()[1]}, tokens.dtype(), tokens.device(), Memory::kActivation));
  return segment_attention(query,
                           Variable(tokens),  // a constant: no gradient
                           x,
                           Segments::uniform(segments.size(), 1, segments.device()),
                           segments,
                           {num_slices(x.shape()[1]), /*causal=*/false});
}

}  // namespace elastic::ops
