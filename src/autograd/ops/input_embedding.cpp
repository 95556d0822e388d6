#include "autograd/ops/input_embedding.h"

#include "base/scope.h"
#include "tensor/kernels/input_embedding.h"

namespace elastic::ops {

Variable input_embedding(const Variable& item_table,
                         const Variable& position_table,
                         const Tensor& ids,
                         const Tensor& positions,
                         const NormVariables& norm,
                         const Dropout& dropout) {
  const OpScope scope(__func__);
  require_shape(
      item_table.shape().rank() == 2 && norm.weight.shape() == Shape{item_table.shape()[1]},
      "input_embedding: table ",
      item_table.shape(),
      " and norm do not fit");
  require_shape(
      !position_table.defined() || (position_table.shape().rank() == 2 &&
                                    position_table.shape()[1] == item_table.shape()[1] &&
                                    positions.defined() && positions.numel() == ids.numel()),
      "input_embedding: expected a position of ",
      item_table.shape()[1],
      " values for each of ",
      ids.numel(),
      " ids");
  const Tensor places = position_table.defined() ? position_table.value() : Tensor();
  Tensor out({ids.numel(), item_table.shape()[1]},
             item_table.value().dtype(),
             item_table.value().device());
  run(kernels::InputEmbeddingForward{.item_table = item_table.value(),
                                     .position_table = places,
                                     .ids = ids,
                                     .positions = positions,
                                     .norm = norm.values(),
                                     .dropout = dropout,
                                     .y = out});
  return record(out, {item_table, position_table, norm.weight, norm.bias}, [=](const Tensor& grad) {
    NormGrad grad_norm = norm.new_grad();
    Tensor no_positions;
    run(kernels::InputEmbeddingBackward{.item_table = item_table.value(),
                                        .position_table = places,
                                        .ids = ids,
                                        .positions = positions,
                                        .norm = norm.values(),
                                        .dropout = dropout,
                                        .grad_y = grad,
                                        .grad_item_table = item_table.grad_buffer(),
                                        .grad_position_table = position_table.defined()
                                                                   ? position_table.grad_buffer()
                                                                   : no_positions,
                                        .grad_norm = grad_norm});
    norm.add_grad(grad_norm);
  });
}

}  // namespace elastic::ops
