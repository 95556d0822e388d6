#include "model/query_network.h"

#include <utility>

#include "autograd/ops/group_linear.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/segment_attention.h"
#include "autograd/ops/segment_mean.h"
#include "base/error.h"

namespace elastic {

QueryNetwork::QueryNetwork(ParameterStore& store, const ModelConfig& config, std::int64_t max_len)
    : num_heads_(config.num_heads),
      stride_(static_cast<std::int32_t>(config.retrieval.query_stride)) {
  if (config.retrieval.query_network == QueryPooling::kMean) {
    return;
  }
  const std::int64_t dim = config.dim;
  std::int64_t length = max_len;
  do {
    length = (length + config.retrieval.query_stride - 1) / config.retrieval.query_stride;
    const std::string prefix = concat("imr.query.levels.", levels_.size());
    Level level;
    level.pool = make_linear(store, prefix + ".pool", dim, config.retrieval.query_stride * dim);
    level.attends = 1 < length && length <= config.retrieval.query_attention_len;
    if (level.attends) {
      level.norm = make_norm(store, prefix + ".attention_norm", dim);
      level.attention = make_attention(store, prefix + ".attention", dim);
    }
    levels_.push_back(std::move(level));
  } while (length > 1);
}

Variable QueryNetwork::summarise(Variable x, Segments segments) const {
  if (levels_.empty()) {
    return ops::segment_mean(x, segments);
  }
  for (const Level& level : levels_) {
    Segments groups = segments.grouped(stride_);
    x = ops::group_linear(x, segments, groups, stride_, level.pool.weight, level.pool.bias);
    segments = std::move(groups);
    if (level.attends) {
      const Variable z = ops::layer_norm(x, level.norm);
      const Variable mixed = ops::segment_attention(ops::linear(z, level.attention.query),
                                                    ops::linear(z, level.attention.key),
                                                    ops::linear(z, level.attention.value),
                                                    segments,
                                                    segments,
                                                    {num_heads_, /*causal=*/false});
      x = ops::linear_residual(
          mixed, level.attention.output.weight, level.attention.output.bias, x, Dropout{});
    }
  }
  return x;
}

}  // namespace elastic
