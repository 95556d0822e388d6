#include "autograd/ops/retention.h"

#include <utility>

#include "base/scope.h"
#include "tensor/kernels/retention.h"

namespace elastic::ops {
namespace {

struct RetentionInputs {
  Variable query;
  Variable key;
  Variable value;
  RetentionDecay decay;
  Segments segments;
  std::int64_t num_heads;
};

void require_decay(const RetentionInputs& in, const char* name, const Variable& numbers) {
  require_shape(!numbers.defined() || numbers.shape() == Shape{in.query.shape()[0], in.num_heads},
                "retention: ",
                name,
                ", expected ",
                Shape{in.query.shape()[0], in.num_heads},
                ", got ",
                numbers.defined() ? numbers.shape() : Shape{});
}

void require_retention(const RetentionInputs& in, const Tensor& state) {
  require_shape(in.query.shape().rank() == 2 && in.key.shape() == in.query.shape() &&
                    in.value.shape().rank() == 2 && in.value.shape()[0] == in.query.shape()[0] &&
                    in.query.shape()[0] == in.segments.num_tokens(),
                "retention: query ",
                in.query.shape(),
                ", key ",
                in.key.shape(),
                " and value ",
                in.value.shape(),
                " do not fit ",
                in.segments.num_tokens(),
                " tokens");
  require_shape(in.num_heads >= 1 && in.query.shape()[1] % in.num_heads == 0 &&
                    in.value.shape()[1] % in.num_heads == 0,
                "retention: ",
                in.num_heads,
                " heads do not divide query ",
                in.query.shape(),
                " and value ",
                in.value.shape());
  require_decay(in, "rates", in.decay.rates);
  require_decay(in, "lead", in.decay.lead);
  if (state.defined()) {
    const Shape wanted{in.segments.size(),
                       in.num_heads,
                       in.query.shape()[1] / in.num_heads,
                       in.value.shape()[1] / in.num_heads};
    require_shape(state.shape() == wanted && state.dtype() == DType::kFloat64,
                  "retention: state ",
                  state.dtype(),
                  " ",
                  state.shape(),
                  ", expected ",
                  DType::kFloat64,
                  " ",
                  wanted);
  }
}

Tensor value_of(const Variable& variable) {
  return variable.defined() ? variable.value() : Tensor();
}

void retain(const RetentionInputs& in,
            const Tensor& x,
            const Tensor& y,
            const Tensor& z,
            bool reverse,
            Tensor& state,
            Tensor& out) {
  run(kernels::Retention{.x = x,
                         .y = y,
                         .z = z,
                         .rates = value_of(in.decay.rates),
                         .lead = value_of(in.decay.lead),
                         .segments = in.segments,
                         .num_heads = in.num_heads,
                         .reverse = reverse,
                         .state = state,
                         .out = out});
}

// The gradient of query, key or value, [T, ..] as `like`: a retention of the other two.
Tensor retained(const RetentionInputs& in,
                const Tensor& x,
                const Tensor& y,
                const Tensor& z,
                bool reverse,
                const Variable& like) {
  Tensor grad = empty_like(like.value(), Memory::kGradient);
  Tensor no_state;
  retain(in, x, y, z, reverse, no_state, grad);
  return grad;
}

void add_decay_gradients(const RetentionInputs& in,
                         const Tensor& grad_query,
                         const Tensor& grad_key) {
  const Variable& rates = in.decay.rates;
  const Variable& lead = in.decay.lead;
  Tensor grad_rates =
      rates.requires_grad() ? empty_like(rates.value(), Memory::kGradient) : Tensor();
  Tensor grad_lead = lead.requires_grad() ? empty_like(lead.value(), Memory::kGradient) : Tensor();
  run(kernels::RetentionDecayBackward{.query = in.query.value(),
                                      .grad_query = grad_query,
                                      .key = in.key.value(),
                                      .grad_key = grad_key,
                                      .rates = grad_rates.defined() ? rates.value() : Tensor(),
                                      .segments = in.segments,
                                      .num_heads = in.num_heads,
                                      .grad_rates = grad_rates,
                                      .grad_lead = grad_lead});
  if (grad_rates.defined()) {
    rates.add_grad(std::move(grad_rates));
  }
  if (grad_lead.defined()) {
    lead.add_grad(std::move(grad_lead));
  }
}

void retention_backward(const RetentionInputs& in, const Tensor& grad) {
  const Tensor& query = in.query.value();
  const Tensor& key = in.key.value();
  const Tensor& value = in.value.value();
  const bool decays = in.decay.rates.requires_grad() || in.decay.lead.requires_grad();
  Tensor grad_query;
  if (in.query.requires_grad() || decays) {
    grad_query = retained(in, grad, value, key, /*reverse=*/false, in.query);
  }
  Tensor grad_key;
  if (in.key.requires_grad() || decays) {
    grad_key = retained(in, value, grad, query, /*reverse=*/true, in.key);
  }
  if (decays) {
    add_decay_gradients(in, grad_query, grad_key);
  }
  if (in.query.requires_grad()) {
    in.query.add_grad(std::move(grad_query));
  }
  if (in.key.requires_grad()) {
    in.key.add_grad(std::move(grad_key));
  }
  if (in.value.requires_grad()) {
    in.value.add_grad(retained(in, key, query, grad, /*reverse=*/true, in.value));
  }
}

}  // namespace

Variable retention(const Variable& query,
                   const Variable& key,
                   const Variable& value,
                   const RetentionDecay& decay,
                   const Segments& segments,
                   std::int64_t num_heads,
                   Tensor state) {
  const OpScope scope(__func__);
  const RetentionInputs in{query, key, value, decay, segments, num_heads};
  require_retention(in, state);
  Tensor out = empty_like(value.value());
  retain(in, query.value(), key.value(), value.value(), /*reverse=*/false, state, out);
  if (state.defined()) {
    return Variable(out);
  }
  std::vector<Variable> inputs{query, key, value};
  for (const Variable& numbers : {decay.rates, decay.lead}) {
    if (numbers.defined()) {
      inputs.push_back(numbers);
    }
  }
  return record(out, inputs, [in](const Tensor& grad) { retention_backward(in, grad); });
}

}  // namespace elastic::ops
