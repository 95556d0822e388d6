// Small models and ragged batches, shared by the model tests.
#pragma once

#include <memory>

#include "autograd/ops/linear_cross_entropy.h"
#include "autograd/ops/rows.h"
#include "model/registry.h"
#include "tensor/tensor_values.h"
#include "tolerances.h"

namespace elastic {

inline ModelConfig small_config(const std::string& model) {
  ModelConfig config;
  config.model = model;
  config.dim = 8;
  config.num_heads = 2;
  config.num_layers = 2;
  config.ffn_dim = 12;
  config.max_len = 90;
  config.dropout = 0.2;
  config.num_experts = 4;
  config.retrieval.pool_subkeys = 3;
  config.retrieval.heads = 2;
  config.retrieval.key_dim = 6;
  config.retrieval.query_stride = 3;
  config.retrieval.query_attention_len = 12;
  config.window = 7;
  config.time_periods = 2;
  config.lisa.num_codebooks = 2;
  config.lisa.codebook_size = 12;
  config.lisa.target_codebooks = 2;
  config.lisa.target_codebook_size = 10;
  config.num_items = 40;
  return config;
}

/// On the test device.
inline std::unique_ptr<Model> new_model(const ModelConfig& config,
                                        std::uint64_t seed = 1,
                                        DType dtype = DType::kFloat32) {
  return make_model(config, seed, dtype, test_device());
}

using History = std::vector<std::int32_t>;

inline data::Batch batch_of(const std::vector<History>& histories) {
  data::BatchBuilder builder;
  for (const History& history : histories) {
    builder.add(history, static_cast<std::int64_t>(history.size()));
  }
  return builder.build(test_device());
}

/// Equal results for batches of other sizes: bit for bit on the CPU, up to rounding on a GPU, whose
/// library chooses its product kernels by size.
inline bool same_numbers(const Tensor& a, const Tensor& b) {
  return test_device() == Device::kCpu
             ? same_bits(a, b)
             : relative_error(to_doubles(a), to_doubles(b)) < tolerance::kEqualFloat32;
}

/// Lengths 1, odd, and past the kernels' tile of 64.
inline std::vector<History> ragged_histories() {
  std::vector<History> histories;
  for (const std::int64_t length : {7, 1, 70, 2, 90, 13}) {
    histories.push_back(random_ids(length, 1, 40, static_cast<std::uint64_t>(length)));
  }
  return histories;
}

/// A training loss as the model's direction allows: at every position of a causal model, at the
/// last ones of a bidirectional one.
inline Variable training_loss(Model& model, const data::Batch& batch, const ForwardMode& mode) {
  const Pass pass = model.direction() == Direction::kCausal ? model.encode(batch, mode)
                                                            : model.encode_last(batch, mode);
  const auto items = static_cast<std::int32_t>(model.config().num_items);
  const Tensor targets = int_tensor(random_ids(pass.states.shape()[0], 1, items, 9));
  return ops::linear_cross_entropy(pass.states, pass.scored_items, targets);
}

}  // namespace elastic
