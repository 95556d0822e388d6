#include "autograd/ops/input_embedding.h"

namespace elastic::ops {

Variable input_embedding(const Variable& item_table,
                         const Variable& position_table,
                         const Tensor& ids,
                         const Tensor& positions,
                         const NormVariables& norm,
                         const Dropout& dropout) {
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
  Backend& backend = backend_for(item_table.value().device());
  const Tensor places = position_table.defined() ? position_table.value() : Tensor();
  Tensor out({ids.numel(), item_table.shape()[1]},
             item_table.value().dtype(),
             item_table.value().device());
  backend.input_embedding_forward(
      item_table.value(), places, ids, positions, norm.values(), dropout, out);
  return record(
      out, {item_table, position_table, norm.weight, norm.bias}, [=, &backend](const Tensor& grad) {
        NormGrad grad_norm = norm.new_grad();
        Tensor no_positions;
        backend.input_embedding_backward(
            item_table.value(),
            places,
            ids,
            positions,
            norm.values(),
            dropout,
            grad,
            item_table.grad_buffer(),
            position_table.defined() ? position_table.grad_buffer() : no_positions,
            grad_norm);
        norm.add_grad(grad_norm);
      });
}

}  // namespace elastic::ops
