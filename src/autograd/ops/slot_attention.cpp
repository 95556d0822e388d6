#include "autograd/ops/slot_attention.h"

#include <memory>
#include <utility>

#include "base/scope.h"
#include "tensor/kernels/slot_attention.h"

namespace elastic::ops {
namespace {

void require_slots(const Variable& query,
                   const Variable& key,
                   const Variable& value,
                   const Variable& gates,
                   const Segments& segments,
                   const Tensor& state) {
  require_shape(query.shape().rank() == 2 && query.shape()[0] == segments.num_tokens() &&
                    key.shape() == query.shape() && value.shape() == query.shape() &&
                    gates.shape().rank() == 3 && gates.shape()[0] == query.shape()[0] &&
                    query.shape()[1] % gates.shape()[1] == 0,
                "slot_attention: query ",
                query.shape(),
                ", key ",
                key.shape(),
                ", value ",
                value.shape(),
                " and gates ",
                gates.shape(),
                " do not fit ",
                segments.num_tokens(),
                " tokens");
  if (state.defined()) {
    const bool shared = key.value().raw_data() == value.value().raw_data();
    const std::int64_t heads = gates.shape()[1];
    const std::int64_t rows = gates.shape()[2] * (shared ? 1 : 2);
    const Shape wanted{segments.size(), heads, rows, query.shape()[1] / heads};
    require_shape(state.shape() == wanted && state.dtype() == DType::kFloat64,
                  "slot_attention: state ",
                  state.dtype(),
                  " ",
                  state.shape(),
                  ", expected ",
                  DType::kFloat64,
                  " ",
                  wanted);
  }
}

// `log_sum` depends on `out` in the graph, so that its gradient has arrived when the backward of
// `out` runs.
SlotAttention attend(const Variable& query,
                     const Variable& key,
                     const Variable& value,
                     const Variable& gates,
                     const Segments& segments,
                     Tensor state,
                     bool with_sums) {
  require_slots(query, key, value, gates, segments, state);
  const Tensor& like = query.value();
  Tensor out = empty_like(like);
  Tensor log_sum;
  if (with_sums) {
    log_sum = Tensor({like.rows(), gates.shape()[1]}, like.dtype(), like.device());
  }
  run(kernels::SlotAttentionForward{.query = query.value(),
                                    .key = key.value(),
                                    .value = value.value(),
                                    .gates = gates.value(),
                                    .segments = segments,
                                    .state = state,
                                    .out = out,
                                    .log_sum = log_sum});
  if (state.defined()) {
    return {Variable(out), with_sums ? Variable(log_sum) : Variable()};
  }
  const bool shared = key.value().raw_data() == value.value().raw_data();
  const auto grad_log_sum = std::make_shared<Tensor>();
  const Variable result = record(out, {query, key, value, gates}, [=](const Tensor& grad) {
    Tensor grad_query = empty_like(query.value(), Memory::kGradient);
    Tensor grad_key = shared ? Tensor() : empty_like(key.value(), Memory::kGradient);
    Tensor grad_value = empty_like(value.value(), Memory::kGradient);
    Tensor grad_gates = empty_like(gates.value(), Memory::kGradient);
    run(kernels::SlotAttentionBackward{.query = query.value(),
                                       .key = key.value(),
                                       .value = value.value(),
                                       .gates = gates.value(),
                                       .segments = segments,
                                       .grad_out = grad,
                                       .grad_log_sum = *grad_log_sum,
                                       .grad_query = grad_query,
                                       .grad_key = grad_key,
                                       .grad_value = grad_value,
                                       .grad_gates = grad_gates});
    query.add_grad(std::move(grad_query));
    if (!shared) {
      key.add_grad(std::move(grad_key));
    }
    value.add_grad(std::move(grad_value));
    gates.add_grad(std::move(grad_gates));
  });
  if (!with_sums) {
    return {result, {}};
  }
  return {result, record(log_sum, {result}, [result, grad_log_sum](Tensor grad) {
            *grad_log_sum = std::move(grad);
            if (!result.grad().defined()) {
              result.add_grad(zeros_like(result.value(), Memory::kGradient));
            }
          })};
}

}  // namespace

Variable slot_attention(const Variable& query,
                        const Variable& key,
                        const Variable& value,
                        const Variable& gates,
                        const Segments& segments,
                        Tensor state) {
  const OpScope scope(__func__);
  return attend(query, key, value, gates, segments, std::move(state), false).out;
}

SlotAttention slot_attention_with_sums(const Variable& query,
                                       const Variable& key,
                                       const Variable& value,
                                       const Variable& gates,
                                       const Segments& segments,
                                       Tensor state) {
  const OpScope scope(__func__);
  return attend(query, key, value, gates, segments, std::move(state), true);
}

}  // namespace elastic::ops
