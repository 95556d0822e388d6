#include "autograd/ops/join_experts.h"

#include <utility>

#include "base/scope.h"
#include "tensor/kernels/join_experts.h"

namespace elastic::ops {

Variable join_experts(const Variable& out,
                      const Variable& log_sum,
                      const Variable& query,
                      const Variable& table,
                      const Tensor& indices,
                      const Variable& gates) {
  const OpScope scope(__func__);
  require_shape(out.shape().rank() == 2 && query.shape() == out.shape() &&
                    log_sum.shape().rank() == 2 && log_sum.shape()[0] == out.shape()[0] &&
                    log_sum.shape()[1] >= 1 && out.shape()[1] % log_sum.shape()[1] == 0 &&
                    table.shape().rank() == 2 && table.shape()[1] == out.shape()[1] &&
                    gates.shape().rank() == 2 && gates.shape()[0] == out.shape()[0] &&
                    indices.shape() == gates.shape(),
                "join_experts: out ",
                out.shape(),
                ", log_sum ",
                log_sum.shape(),
                ", query ",
                query.shape(),
                ", table ",
                table.shape(),
                ", indices ",
                indices.shape(),
                " and gates ",
                gates.shape(),
                " do not fit");
  Tensor joined = empty_like(out.value());
  run(kernels::JoinExpertsForward{.out = out.value(),
                                  .log_sum = log_sum.value(),
                                  .query = query.value(),
                                  .table = table.value(),
                                  .indices = indices,
                                  .gates = gates.value(),
                                  .joined = joined});
  return record(joined, {out, log_sum, query, table, gates}, [=](const Tensor& grad) {
    Tensor grad_out = empty_like(out.value(), Memory::kGradient);
    Tensor grad_log_sum = empty_like(log_sum.value(), Memory::kGradient);
    Tensor grad_query = empty_like(query.value(), Memory::kGradient);
    Tensor grad_table = empty_like(table.value(), Memory::kGradient);
    Tensor grad_gates = empty_like(gates.value(), Memory::kGradient);
    run(kernels::JoinExpertsBackward{.out = out.value(),
                                     .log_sum = log_sum.value(),
                                     .query = query.value(),
                                     .table = table.value(),
                                     .indices = indices,
                                     .gates = gates.value(),
                                     .grad_joined = grad,
                                     .grad_out = grad_out,
                                     .grad_log_sum = grad_log_sum,
                                     .grad_query = grad_query,
                                     .grad_table = grad_table,
                                     .grad_gates = grad_gates});
    out.add_grad(std::move(grad_out));
    log_sum.add_grad(std::move(grad_log_sum));
    query.add_grad(std::move(grad_query));
    table.add_grad(std::move(grad_table));
    gates.add_grad(std::move(grad_gates));
  });
}

}  // namespace elastic::ops
