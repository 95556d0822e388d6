// Parameter groups of models, each with a dotted prefix.
#pragma once

#include <string>

#include "autograd/ops/ffn.h"
#include "autograd/ops/layer_norm.h"
#include "model/parameter.h"

namespace elastic {

/// `prefix`.{weight, bias} [dim], at `weight` and 0.
ops::NormVariables make_norm(ParameterStore& store,
                             const std::string& prefix,
                             std::int64_t dim,
                             double weight = 1.0);

/// `prefix`.weight [out, in], Xavier uniform, no bias.
Variable make_weight(ParameterStore& store,
                     const std::string& prefix,
                     std::int64_t out,
                     std::int64_t in);

/// `prefix`.weight [out, in], Xavier uniform, and `prefix`.bias [out], zero.
struct Linear {
  Variable weight;
  Variable bias;
};
Linear make_linear(ParameterStore& store,
                   const std::string& prefix,
                   std::int64_t out,
                   std::int64_t in);

/// `prefix`.{query, key, value}.weight [dim, dim] and `prefix`.output.{weight, bias}.
struct AttentionWeights {
  Variable query;
  Variable key;
  Variable value;
  Linear output;
};
AttentionWeights make_attention(ParameterStore& store, const std::string& prefix, std::int64_t dim);

/// SiLU(z weight^T): z [T, in], weight [out, in].
Variable silu_linear(const Variable& z, const Variable& weight);

/// The attention scale 1 / sqrt(Dh), Dh = dim / num_heads.
double attention_scale(std::int64_t dim, std::int64_t num_heads);

/// `norm_prefix`.* and `prefix`.{up, down}.*
ops::FfnVariables make_ffn(ParameterStore& store,
                           const std::string& norm_prefix,
                           const std::string& prefix,
                           std::int64_t dim,
                           std::int64_t ffn_dim);

}  // namespace elastic
