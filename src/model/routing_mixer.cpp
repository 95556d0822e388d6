#include "model/routing_mixer.h"

#include <cmath>

#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/segment_attention.h"
#include "base/scope.h"
#include "model/routing_plan.h"
#include "tensor/kernels/routing.h"
#include "tensor/kernels/rows.h"

namespace elastic {
namespace {

std::int64_t clusters_of(const ModelConfig& config) {
  if (config.num_clusters > 0) {
    return config.num_clusters;
  }
  auto root = static_cast<std::int64_t>(std::sqrt(static_cast<double>(config.max_len)));
  while (root * root < config.max_len) {
    ++root;
  }
  return root;
}

Tensor upload(const std::vector<std::int32_t>& values, Device device) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())}, device);
}

}  // namespace

RoutingMixer::RoutingMixer(ParameterStore& store,
                           const std::string& layer,
                           const ModelConfig& config,
                           Direction direction,
                           double decay)
    : norm_(make_norm(store, layer + ".attention_norm", config.dim)),
      weights_(make_attention(store, layer + ".attention", config.dim)),
      direction_(direction),
      decay_(decay),
      num_heads_(config.num_heads),
      num_clusters_(clusters_of(config)),
      window_(divide_up(config.max_len, num_clusters_)),
      centroids_(store.add_buffer(layer + ".attention.centroids",
                                  {num_heads_, num_clusters_, config.dim / num_heads_},
                                  Init::kUnitRows)) {}

RoutingMixer::Rows RoutingMixer::project(const Variable& z) const {
  const OpScope scope(__func__);
  const Shape shape{z.shape()[0] * num_heads_, z.shape()[1] / num_heads_};
  const auto rows = [&](const Variable& weight) {
    return ops::reshape(ops::linear(z, weight), shape);
  };
  Rows result{rows(weights_.query), rows(weights_.key), rows(weights_.value), {}};
  result.directions = empty_like(result.query.value());
  run(kernels::UnitSum{result.query.value(), result.key.value(), result.directions});
  return result;
}

void RoutingMixer::move_centroids(const Tensor& directions, const Tensor& owners) const {
  const DType dtype = directions.dtype();
  Tensor ones({owners.numel(), 1}, dtype, directions.device());
  fill(ones, 1.0);
  Tensor counts = zeros({num_heads_ * num_clusters_, 1}, dtype, directions.device());
  run(kernels::ScatterAddRows{ones, owners, counts});
  Tensor sums = zeros({num_heads_ * num_clusters_, directions.cols()}, dtype, directions.device());
  run(kernels::ScatterAddRows{directions, owners, sums});
  run(kernels::MoveCentroids{sums, counts, decay_, centroids_.mutable_value()});
}

Tensor RoutingMixer::nearest(const Rows& rows, bool training) const {
  const Tensor& directions = rows.directions;
  Tensor result({directions.rows()}, DType::kInt32, directions.device());
  run(kernels::NearestCentroids{directions, centroids_.value(), result});
  if (training) {
    move_centroids(directions, result);
  }
  return result;
}

RoutingMixer::Members RoutingMixer::members(const Rows& rows, const MixerState& state) const {
  const Tensor& directions = rows.directions;
  const Device device = directions.device();
  Members result{member_lists(state.segments, num_heads_, num_clusters_), {}, {}};
  result.rows = Tensor({result.lists.num_tokens()}, DType::kInt32, device);
  result.owners = Tensor({result.lists.num_tokens()}, DType::kInt32, device);
  run(kernels::CentroidMembers{.x = directions,
                               .centroids = centroids_.value(),
                               .segments = state.segments,
                               .members = result.lists,
                               .rows = result.rows,
                               .owners = result.owners});
  if (state.training) {
    Tensor taken({result.rows.numel(), directions.cols()}, directions.dtype(), device);
    run(kernels::GatherRows{directions, result.rows, taken});
    move_centroids(taken, result.owners);
  }
  return result;
}

Variable RoutingMixer::attend_causal(const Rows& rows, const MixerState& state) const {
  const OpScope scope(__func__);
  const Tensor clusters = nearest(rows, state.training);
  const Device device = clusters.device();
  const ClusterOrder plan = order_by_cluster(
      clusters.to_vector<std::int32_t>(), state.segments, num_heads_, num_heads_ * num_clusters_);
  const Tensor order = upload(plan.order, device);
  const Tensor inverse = upload(plan.inverse, device);
  const Segments clustered(plan.offsets, device);
  const Variable mixed = ops::segment_attention(ops::permute_rows(rows.query, order, inverse),
                                                ops::permute_rows(rows.key, order, inverse),
                                                ops::permute_rows(rows.value, order, inverse),
                                                clustered,
                                                clustered,
                                                {1, /*causal=*/true, window_});
  return ops::permute_rows(mixed, inverse, order);
}

Variable RoutingMixer::attend_both_ways(const Rows& rows, const MixerState& state) const {
  const OpScope scope(__func__);
  const Members taken = members(rows, state);
  const Variable mixed = ops::segment_attention(ops::gather_rows(rows.query, taken.rows),
                                                ops::gather_rows(rows.key, taken.rows),
                                                ops::gather_rows(rows.value, taken.rows),
                                                taken.lists,
                                                taken.lists,
                                                {1, /*causal=*/false});
  return ops::scatter_mean_rows(mixed, taken.rows, rows.query.shape()[0]);
}

// Assigns all tokens; only the last one of each sequence attends.
Variable RoutingMixer::attend_last(const Rows& rows, const MixerState& state) const {
  const OpScope scope(__func__);
  const Device device = rows.directions.device();
  LastPlan plan;
  if (direction_ == Direction::kCausal) {
    plan = recent_members(nearest(rows, state.training).to_vector<std::int32_t>(),
                          state.segments,
                          num_heads_,
                          window_);
  } else {
    const Members taken = members(rows, state);
    plan = lists_with_last(taken.rows.to_vector<std::int32_t>(),
                           taken.lists,
                           state.segments,
                           num_heads_,
                           num_clusters_);
  }
  const auto num_queries = static_cast<std::int64_t>(plan.queries.size());
  const Tensor keys = upload(plan.keys, device);
  const Variable read =
      ops::segment_attention(ops::gather_rows(rows.query, upload(plan.queries, device)),
                             ops::gather_rows(rows.key, keys),
                             ops::gather_rows(rows.value, keys),
                             Segments::uniform(num_queries, 1, device),
                             Segments(plan.offsets, device),
                             {1, /*causal=*/false});
  return ops::scatter_mean_rows(
      read, upload(plan.targets, device), state.segments.size() * num_heads_);
}

Variable RoutingMixer::attend(const Rows& rows, const MixerState& state, bool last_only) const {
  if (last_only) {
    return attend_last(rows, state);
  }
  return direction_ == Direction::kCausal ? attend_causal(rows, state)
                                          : attend_both_ways(rows, state);
}

Variable RoutingMixer::mix(const Variable& x,
                           MixerState& state,
                           const Queries& queries,
                           const Dropout& dropout) const {
  const Rows rows = project(ops::layer_norm(x, norm_));
  const Variable mixed = attend(rows, state, queries.last_only());
  const Variable residual = queries.of(x);
  return ops::linear_residual(ops::reshape(mixed, residual.shape()),
                              weights_.output.weight,
                              weights_.output.bias,
                              residual,
                              dropout);
}

}  // namespace elastic
