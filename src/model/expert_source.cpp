#include "model/expert_source.h"

#include <numeric>
#include <vector>

#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "base/scope.h"

namespace elastic {
namespace {

// Each sequence's experts [B, k, D] replaced by those of the next sequence, the last one's by the
// first one's.
Variable rotate(const Variable& experts) {
  const Shape& shape = experts.shape();
  std::vector<std::int32_t> next(static_cast<std::size_t>(shape[0]));
  std::iota(next.begin(), next.end(), 1);
  next.back() = 0;
  const Variable rows = ops::reshape(experts, {shape[0], shape[1] * shape[2]});
  return ops::reshape(
      ops::gather_rows(rows, Tensor::from(next, {shape[0]}, experts.value().device())), shape);
}

}  // namespace

InitialExperts take_experts(const ExpertSource& source,
                            const Variable& x,
                            const Segments& segments,
                            const Tensor& ids,
                            const ForwardMode& mode) {
  const LayerScope scope("experts");
  InitialExperts initial = source.initial_experts(x, segments, ids, mode.training);
  if (mode.swap_experts) {
    initial.experts = rotate(initial.experts);
    if (initial.gates.defined()) {
      initial.gates = rotate(initial.gates);
    }
  }
  return initial;
}

}  // namespace elastic
