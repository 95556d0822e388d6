#include "autograd/ops/product_keys.h"

#include "base/scope.h"
#include "tensor/kernels/product_keys.h"

namespace elastic::ops {

namespace {

void require_keys(const Variable& query,
                  const Variable& subkeys,
                  std::int64_t num_experts,
                  const Tensor& bias) {
  const Shape& q = query.shape();
  const Shape& keys = subkeys.shape();
  require_shape(
      q.rank() == 3 && keys.rank() == 4 && keys[0] == q[1] && keys[1] == 2 && 2 * keys[3] == q[2],
      "product_keys: query ",
      q,
      " and sub-keys ",
      keys,
      " do not fit");
  require_shape(num_experts % q[1] == 0 && num_experts / q[1] <= keys[2] * keys[2],
                "product_keys: ",
                num_experts,
                " experts from ",
                q[1],
                " heads over a pool of ",
                keys[2] * keys[2]);
  require_shape(!bias.defined() || bias.shape() == Shape{keys[0], 2, keys[2]},
                "product_keys: sub-keys ",
                keys,
                " and bias ",
                bias.shape(),
                " do not fit");
}

}  // namespace

ProductKeysResult product_keys(const Variable& query,
                               const Variable& subkeys,
                               const Variable& memory,
                               std::int64_t num_experts,
                               const Tensor& bias) {
  const OpScope scope(__func__);
  require_keys(query, subkeys, num_experts, bias);
  const Shape& q = query.shape();
  require_shape(
      memory.shape().rank() == 2 && memory.shape()[0] == subkeys.shape()[2] * subkeys.shape()[2],
      "product_keys: sub-keys ",
      subkeys.shape(),
      " and memory ",
      memory.shape(),
      " do not fit");
  const DType dtype = query.value().dtype();
  const Device device = query.value().device();
  Tensor indices({q[0], num_experts}, DType::kInt32, device);
  Tensor gates({q[0], num_experts}, dtype, device);
  Tensor experts({q[0], num_experts, memory.shape()[1]}, dtype, device);
  run(kernels::ProductKeysForward{.query = query.value(),
                                  .subkeys = subkeys.value(),
                                  .memory = memory.value(),
                                  .bias = bias,
                                  .indices = indices,
                                  .gates = gates,
                                  .experts = experts});
  auto backward = [=](const Tensor& grad) {
    Tensor grad_query = empty_like(query.value(), Memory::kGradient);
    Tensor grad_subkeys = empty_like(subkeys.value(), Memory::kGradient);
    Tensor grad_memory = empty_like(memory.value(), Memory::kGradient);
    run(kernels::ProductKeysBackward{.query = query.value(),
                                     .subkeys = subkeys.value(),
                                     .memory = memory.value(),
                                     .indices = indices,
                                     .gates = gates,
                                     .grad_experts = grad,
                                     .grad_query = grad_query,
                                     .grad_subkeys = grad_subkeys,
                                     .grad_memory = grad_memory});
    query.add_grad(std::move(grad_query));
    subkeys.add_grad(std::move(grad_subkeys));
    memory.add_grad(std::move(grad_memory));
  };
  return {record(experts, {query, subkeys, memory}, std::move(backward)), indices, gates};
}

ProductKeyGates product_key_gates(const Variable& query,
                                  const Variable& subkeys,
                                  std::int64_t num_experts,
                                  const Tensor& bias) {
  const OpScope scope(__func__);
  require_keys(query, subkeys, num_experts, bias);
  const Tensor& like = query.value();
  const Shape shape{like.shape()[0], num_experts};
  Tensor indices(shape, DType::kInt32, like.device());
  Tensor gates(shape, like.dtype(), like.device());
  Tensor none;
  run(kernels::ProductKeysForward{.query = like,
                                  .subkeys = subkeys.value(),
                                  .memory = none,
                                  .bias = bias,
                                  .indices = indices,
                                  .gates = gates,
                                  .experts = none});
  auto backward = [=](const Tensor& grad) {
    Tensor grad_query = empty_like(query.value(), Memory::kGradient);
    Tensor grad_subkeys = empty_like(subkeys.value(), Memory::kGradient);
    run(kernels::ProductKeyGatesBackward{.query = query.value(),
                                         .subkeys = subkeys.value(),
                                         .indices = indices,
                                         .gates = gates,
                                         .grad_gates = grad,
                                         .grad_query = grad_query,
                                         .grad_subkeys = grad_subkeys});
    query.add_grad(std::move(grad_query));
    subkeys.add_grad(std::move(grad_subkeys));
  };
  return {indices, record(gates, {query, subkeys}, std::move(backward))};
}

}  // namespace elastic::ops
