#include "model/fuxi_linear_mixer.h"

#include <cmath>

#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/softplus.h"
#include "autograd/ops/stack.h"
#include "autograd/ops/swiglu.h"
#include "autograd/ops/transpose.h"
#include "base/error.h"

namespace elastic {
namespace {

constexpr std::int64_t kPositionFeatures = 32;
constexpr double kMixScale = 0.02;

// softplus^-1 of the rates 1/2, 1/4, .. of the heads.
std::vector<double> initial_rates(std::int64_t heads) {
  std::vector<double> values;
  for (std::int64_t h = 0; h < heads; ++h) {
    values.push_back(std::log(std::expm1(std::ldexp(1.0, -static_cast<int>(h) - 1))));
  }
  return values;
}

// Row n: sin(n w_d) and then cos(n w_d), w_d = 10000^(-d / 16).
std::vector<double> sinusoids(std::int64_t rows) {
  constexpr std::int64_t kHalf = kPositionFeatures / 2;
  std::vector<double> values;
  for (std::int64_t n = 0; n < rows; ++n) {
    for (std::int64_t d = 0; d < kPositionFeatures; ++d) {
      const double angle = static_cast<double>(n) *
                           std::pow(10000.0, -static_cast<double>(d % kHalf) / double{kHalf});
      values.push_back(d < kHalf ? std::sin(angle) : std::cos(angle));
    }
  }
  return values;
}

// `count` rows, each the numbers of x: [count, n].
Variable rows_of(const Variable& x, std::int64_t count) {
  const std::int64_t numbers = x.value().numel();
  return ops::reshape(ops::repeat(ops::reshape(x, {1, numbers}), count), {count, numbers});
}

// One dropout over all parts, each with a mask of its own.
std::vector<Variable> drop(const std::vector<Variable>& parts, const Dropout& dropout) {
  return dropout.active() ? ops::unstack(ops::dropout(ops::stack(parts), dropout)) : parts;
}

}  // namespace

FuxiLinearMixer::FuxiLinearMixer(ParameterStore& store,
                                 const std::string& layer,
                                 const ModelConfig& config)
    : num_heads_(config.num_heads),
      periods_(config.time_periods),
      asked_(config.time_features == TimeFeatures::kAsked),
      norm_(make_norm(store, layer + ".attention_norm", config.dim)) {
  const std::string prefix = layer + ".attention";
  const auto make_channel = [&](const std::string& name) {
    return Channel{make_weight(store, name + ".value", config.dim, config.dim),
                   make_weight(store, name + ".gate", config.dim, config.dim),
                   make_weight(store, name + ".output", config.dim, config.dim)};
  };
  query_ = make_weight(store, prefix + ".query", config.dim, config.dim);
  key_ = make_weight(store, prefix + ".key", config.dim, config.dim);
  retention_ = make_channel(prefix);
  bias_ = store.add(prefix + ".output.bias", {config.dim}, Init::kZeros);
  decay_ =
      store.add(prefix + ".decay", {num_heads_}, [&] { return initial_rates(config.num_heads); });
  if (reads_times(config)) {
    if (config.dim % (2 * periods_) != 0) {
      throw UsageError(
          "--time-periods: expected a divisor of half of --dim ", config.dim, ", got ", periods_);
    }
    const std::string name = prefix + ".temporal";
    temporal_ = Temporal{make_channel(name),
                         store.add(name + ".decay", {periods_}, Init::kZeros),
                         store.add(name + ".mix", {2 * periods_}, Init::kNormal, kMixScale)};
  }
  if (config.position != PositionEmbedding::kNone) {
    const std::string name = prefix + ".positional";
    positional_ = Positional{make_channel(name),
                             store.add(name + ".table",
                                       {config.max_len, kPositionFeatures},
                                       [&] { return sinusoids(config.max_len); }),
                             store.add(name + ".mix", {1}, Init::kNormal, kMixScale)};
  }
}

Variable FuxiLinearMixer::retained(const Variable& z,
                                   const Segments& segments,
                                   const Tensor& kept) const {
  const Variable rates = rows_of(ops::softplus(decay_), z.shape()[0]);
  return ops::retention(silu_linear(z, query_),
                        silu_linear(z, key_),
                        silu_linear(z, retention_.value),
                        {rates, rates},
                        segments,
                        num_heads_,
                        kept);
}

Variable FuxiLinearMixer::timed(const Temporal& temporal,
                                const Variable& z,
                                MixerState& state,
                                const Tensor& kept) const {
  const std::int64_t tokens = z.shape()[0];
  const data::TimeTensors& times = state.times;
  if (!state.phases.key.defined()) {
    state.phases = ops::time_phases(times.clock,
                                    times.gap_seconds,
                                    asked_ ? times.seconds : Tensor(),
                                    asked_ ? times.next_seconds : Tensor(),
                                    periods_,
                                    z.value().dtype());
  }
  // Heads: the sines of all periods, then their cosines, with the same rates.
  const Variable rates =
      ops::reshape(rows_of(ops::softplus(temporal.decay), 2 * tokens), {tokens, 2 * periods_});
  const auto over = [&](const Tensor& steps) {
    return steps.defined() ? ops::multiply(rates, Variable(steps)) : Variable();
  };
  // The weights of a head are scaled by its `mix`, which its keys take.
  const Variable scale = ops::reshape(ops::transpose(rows_of(temporal.mix, 2)), {4 * periods_});
  const Variable value = ops::linear(z, temporal.channel.value);
  const Variable sums =
      ops::retention(Variable(state.phases.query),
                     ops::multiply(Variable(state.phases.key), rows_of(scale, tokens)),
                     value,
                     {over(state.phases.steps), over(state.phases.next_steps)},
                     state.segments,
                     2 * periods_,
                     kept);
  return ops::add(sums, value);
}

Variable FuxiLinearMixer::placed(const Positional& positional,
                                 const Variable& z,
                                 const Segments& segments) const {
  const Tensor places = segments.positions(/*recent=*/false);
  const Variable& table = positional.table;
  const Variable scaled = ops::reshape(
      ops::linear(ops::reshape(table, {table.value().numel(), 1}),
                  ops::scale(ops::reshape(positional.mix, {1, 1}), 2.0 / kPositionFeatures)),
      table.shape());
  const Variable value = ops::linear(z, positional.channel.value);
  const Variable sums = ops::retention(ops::gather_rows(table, places),
                                       ops::gather_rows(scaled, places),
                                       value,
                                       {},
                                       segments,
                                       /*num_heads=*/1);
  return ops::add(sums, value);
}

Variable FuxiLinearMixer::apply(const Variable& x,
                                MixerState& state,
                                const Queries& queries,
                                const Dropout& dropout,
                                std::span<Tensor> stream) const {
  const Variable z = ops::layer_norm(x, norm_);
  const Variable z_queries = queries.of(z);
  const auto kept = [&](std::size_t part) { return stream.empty() ? Tensor() : stream[part]; };
  std::vector<Variable> outputs;
  std::vector<Variable> gated;
  const auto take = [&](const Channel& channel, const Variable& attended) {
    outputs.push_back(channel.output);
    gated.push_back(ops::swiglu(ops::linear(z_queries, channel.gate),
                                ops::layer_norm(queries.of(attended), {})));
  };
  take(retention_, retained(z, state.segments, kept(0)));
  if (temporal_) {
    take(temporal_->channel, timed(*temporal_, z, state, kept(1)));
  }
  if (positional_) {
    take(positional_->channel, placed(*positional_, z, state.segments));
  }
  const std::vector<Variable> dropped = drop(gated, dropout);
  Variable y = ops::linear_residual(dropped[0], outputs[0], bias_, queries.of(x), Dropout{});
  for (std::size_t c = 1; c < dropped.size(); ++c) {
    y = ops::add(y, ops::linear(dropped[c], outputs[c]));
  }
  return y;
}

Variable FuxiLinearMixer::mix(const Variable& x,
                              MixerState& state,
                              const Queries& queries,
                              const Dropout& dropout) const {
  return apply(x, state, queries, dropout, {});
}

Variable FuxiLinearMixer::advance(const Variable& x,
                                  MixerState& state,
                                  std::span<Tensor> stream) const {
  return apply(x, state, Queries::all(state.segments), Dropout{}, stream);
}

std::vector<Tensor> FuxiLinearMixer::new_stream(std::int64_t users) const {
  const Tensor& like = query_.value();
  const std::int64_t head_dim = like.cols() / num_heads_;
  const auto state_of = [&](std::int64_t heads, std::int64_t depth) {
    return zeros({users, heads, depth, like.cols() / heads}, DType::kFloat64, like.device());
  };
  std::vector<Tensor> stream{state_of(num_heads_, head_dim)};
  if (temporal_) {
    stream.push_back(state_of(2 * periods_, 2));
  }
  return stream;
}

}  // namespace elastic
