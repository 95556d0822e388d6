// Item and position embedding with norm and dropout.
#pragma once

#include "tensor/dropout.h"
#include "tensor/kernel.h"
#include "tensor/norm.h"

namespace elastic::kernels {

/// y = dropout( norm( item_table[ids] + position_table[positions] ) ); item_table [V + 1, D],
/// position_table [N, D] or undefined, ids and positions [T] int32 -> y [T, D].
struct InputEmbeddingForward {
  static constexpr const char* kName = "input_embedding_forward";
  const Tensor& item_table;
  const Tensor& position_table;
  const Tensor& ids;
  const Tensor& positions;
  const Norm& norm;
  const Dropout& dropout;
  Tensor& y;
  ELASTIC_OPERANDS(SomeRows{item_table, num_entries(ids)},
                   SomeRows{position_table, num_entries(ids)},
                   ids,
                   positions,
                   norm,
                   y);
  double flops() const { return 0.0; }
};

/// Adds to the tables' gradients (row 0 of the items is unchanged); writes the norm's.
struct InputEmbeddingBackward {
  static constexpr const char* kName = "input_embedding_backward";
  const Tensor& item_table;
  const Tensor& position_table;
  const Tensor& ids;
  const Tensor& positions;
  const Norm& norm;
  const Dropout& dropout;
  const Tensor& grad_y;
  Tensor& grad_item_table;
  Tensor& grad_position_table;
  NormGrad& grad_norm;
  ELASTIC_OPERANDS(SomeRows{item_table, num_entries(ids)},
                   SomeRows{position_table, num_entries(ids)},
                   ids,
                   positions,
                   norm,
                   grad_y,
                   SomeRows{grad_item_table, num_entries(ids)},
                   SomeRows{grad_position_table, num_entries(ids)},
                   grad_norm);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels
