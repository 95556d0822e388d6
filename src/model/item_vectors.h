// Items described by features: a projection of them is added to the learned rows.
#pragma once

#include "autograd/variable.h"
#include "model/model.h"
#include "model/parameter.h"

namespace elastic {

/// The name of the buffer X.
inline constexpr const char* kItemFeatures = "item_vectors.features";

/// E' = M E + X P^T: the items' learned rows E [V + 1, D], of which M keeps those of a set of
/// items, plus the projected features X [V + 1, J]. Row 0, no item, has no features.
///
/// Parameter item_vectors.projection.weight [D, J] (P), buffer item_vectors.features (X). There is
/// no bias: one vector added to all items changes no softmax over them. One product per pass, 2 V J
/// D operations, and two more tables of activations, whatever the batch.
class ItemVectors {
 public:
  ItemVectors(ParameterStore& store, const ModelConfig& config);

  /// E' for `table` E. `learned_rows` [K] int32, each once: the items whose learned row counts;
  /// undefined: all. While weights are fixed, only the first call computes it.
  Variable add_to(const Variable& table, const Tensor& learned_rows);
  /// As WeightCache.
  void set_weights_fixed(bool fixed);

 private:
  Variable features_;
  Variable projection_;
  bool fixed_ = false;
  Variable cached_;  ///< while weights are fixed; undefined before the first call
};

/// The features X [V + 1, J] of a model's items; undefined without item vectors.
Tensor item_features(const Model& model);

/// Sets the features of items 1..V, item by item. Throws ShapeError unless the model has V J
/// numbers.
void set_item_features(const Model& model, const std::vector<float>& features);

/// A model with `model`'s weights and options for its items and some more, V + 1..V + n, which have
/// these features [n, J] and a learned row of zeros. Throws ShapeError if the model has no item
/// vectors or the features are of another size.
std::unique_ptr<Model> with_new_items(const Model& model, const std::vector<float>& features);

}  // namespace elastic
