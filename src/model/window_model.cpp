#include "model/window_model.h"

#include <algorithm>
#include <utility>

#include "autograd/ops/elementwise.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/rows.h"
#include "autograd/ops/segment_attention.h"
#include "base/error.h"
#include "base/scope.h"

namespace elastic {
namespace {

// A part of a batch's tokens, sequence by sequence.
struct Part {
  Segments segments;
  Tensor rows;  ///< of the batch, int32
};

struct Parts {
  Part prefix;  ///< what experts gather from
  Part window;
  Part recent;  ///< rows of the prefix that the layers update
  Part older;   ///< rows of the prefix that keep their embedding
};

class PartBuilder {
 public:
  void add(std::int32_t begin, std::int32_t end) {
    for (std::int32_t row = begin; row < end; ++row) {
      rows_.push_back(row);
    }
    offsets_.push_back(static_cast<std::int32_t>(rows_.size()));
  }
  Part build(Device device) {
    const auto count = static_cast<std::int64_t>(rows_.size());
    return {Segments(std::move(offsets_), device), Tensor::from(rows_, {count}, device)};
  }

 private:
  std::vector<std::int32_t> rows_;
  std::vector<std::int32_t> offsets_{0};
};

// The latest `max_len` tokens of each sequence pass the layers, the latest `window` of these are
// its window.
Parts split(const Segments& segments, std::int64_t window, std::int64_t max_len) {
  const LayerScope layer("input");
  const OpScope op(__func__);
  ELASTIC_CHECK(!segments.is_planned(), "elastic-window splits batches on the host");
  PartBuilder prefix;
  PartBuilder latest;
  PartBuilder recent;
  PartBuilder older;
  std::int32_t rows = 0;  // of the prefix
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const auto length =
        static_cast<std::int32_t>(std::min<std::int64_t>(window, segments.length(b)));
    const std::int32_t middle = segments.end(b) - length;
    const std::int32_t before = middle - segments.begin(b);
    const std::int32_t old = std::max(0, segments.length(b) - static_cast<std::int32_t>(max_len));
    prefix.add(segments.begin(b), middle);
    latest.add(middle, segments.end(b));
    older.add(rows, rows + old);
    recent.add(rows + old, rows + before);
    rows += before;
  }
  const Device device = segments.device();
  return {prefix.build(device), latest.build(device), recent.build(device), older.build(device)};
}

Variable part_rows(const Variable& embedded, const Part& part) {
  const LayerScope scope("input");
  return ops::gather_rows(embedded, part.rows);
}

// The states of all tokens from those of both parts.
Variable join_parts(const Variable& x_prefix,
                    const Part& prefix,
                    const Variable& x_window,
                    const Part& window) {
  const LayerScope scope("final norm");
  const std::int64_t tokens = prefix.segments.num_tokens() + window.segments.num_tokens();
  return ops::add(ops::scatter_add_rows(x_prefix, prefix.rows, tokens),
                  ops::scatter_add_rows(x_window, window.rows, tokens));
}

// Replaces the rows of x that belong to `recent` by those that `layers` makes of them; `older` are
// the others. Without others, all of x.
template <class Layers>
Variable update_recent(const Variable& x, const Part& recent, const Part& older, Layers layers) {
  if (older.rows.numel() == 0) {
    return layers(x);
  }
  const std::int64_t rows = x.value().rows();
  const Variable updated = layers(ops::gather_rows(x, recent.rows));
  const Variable kept = ops::gather_rows(x, older.rows);
  return ops::add(ops::scatter_add_rows(updated, recent.rows, rows),
                  ops::scatter_add_rows(kept, older.rows, rows));
}

// The items of a part, read on the host; only random retrieval needs them.
Tensor ids_of(const Part& part, const Tensor& ids) {
  const std::vector<std::int32_t> all = ids.to_vector<std::int32_t>();
  std::vector<std::int32_t> chosen;
  for (const std::int32_t row : part.rows.to_vector<std::int32_t>()) {
    chosen.push_back(all[static_cast<std::size_t>(row)]);
  }
  return Tensor::from(chosen, part.rows.shape(), ids.device());
}

}  // namespace

WindowModel::WindowModel(const ModelConfig& config, ParameterStore store)
    : store_(std::move(store)),
      trunk_(config, Direction::kWindowed, store_),
      memory_(
          store_, config, std::max<std::int64_t>(1, config.history_len() - config.window_len())) {
  for (std::int64_t i = 0; i < config.num_layers; ++i) {
    const std::string prefix = concat("layers.", i);
    DispatcherMixer dispatcher(store_, prefix, config);
    const AttentionWeights recent = make_attention(store_, prefix + ".recent", config.dim);
    ResidualGate gate(store_, prefix + ".attention_gate", config);
    layers_.push_back(
        {std::move(dispatcher), recent, std::move(gate), FeedForward(store_, prefix, config)});
  }
}

// Both terms use the same dropout mask: the same place and the same elements.
Variable WindowModel::mix_window(const Layer& layer,
                                 const Variable& x,
                                 const Variable& experts,
                                 const Variable& gates,
                                 const Segments& window,
                                 const Queries& queries,
                                 const Dropout& dropout) const {
  const Variable z = ops::layer_norm(x, layer.dispatcher.norm());
  const AttentionWeights& recent = layer.recent;
  const Variable attended =
      ops::segment_attention(ops::linear(queries.of(z), recent.query),
                             ops::linear(z, recent.key),
                             ops::linear(z, recent.value),
                             queries.segments(),
                             window,
                             {trunk_.config().num_heads, /*causal=*/!queries.last_only()});
  const Variable dispatched =
      layer.dispatcher.dispatch(queries.of(x), experts, gates, queries.segments(), dropout);
  return ops::linear_residual(
      attended, recent.output.weight, recent.output.bias, dispatched, dropout);
}

Pass WindowModel::run(const data::Batch& batch,
                      const ForwardMode& mode,
                      Wanted wanted,
                      AttentionRecord* record) {
  trunk_.check(batch);
  const Parts parts = split(batch.segments, trunk_.config().window_len(), trunk_.config().max_len);
  const auto& [prefix, window, recent, older] = parts;
  const Variable items = trunk_.items(mode);
  const Variable embedded = trunk_.embed(items, batch, mode);
  Variable x_prefix = part_rows(embedded, prefix);
  Variable x_window = part_rows(embedded, window);
  const Tensor prefix_ids = trunk_.config().retrieval.experts == ExpertChoice::kRandom
                                ? ids_of(prefix, batch.ids)
                                : Tensor();
  const InitialExperts initial = take_experts(memory_, x_prefix, prefix.segments, prefix_ids, mode);
  ExpertState state{initial.experts, initial.gates, record};
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    const LayerScope scope("layer", static_cast<std::int64_t>(i) + 1);
    const Layer& layer = layers_[i];
    const bool last_layer = i + 1 == layers_.size();
    // A separate place: the window's masks differ from the prefix's.
    const std::size_t window_place = 2 * (layers_.size() + i);
    const Variable experts = layer.dispatcher.gather(x_prefix, prefix.segments, state);
    if (!last_layer || wanted == Wanted::kAll) {
      x_prefix = update_recent(x_prefix, recent, older, [&](const Variable& x) {
        const Variable mixed = layer.dispatcher.dispatch(
            x, experts, state.gates, recent.segments, trunk_.dropout(mode, 2 * i + 1));
        return layer.ffn.apply(layer.gate.close(x, mixed), trunk_.dropout(mode, 2 * i + 2));
      });
    }
    const Queries queries = last_layer && wanted == Wanted::kLast ? Queries::last(window.segments)
                                                                  : Queries::all(window.segments);
    const Variable mixed = mix_window(layer,
                                      x_window,
                                      experts,
                                      state.gates,
                                      window.segments,
                                      queries,
                                      trunk_.dropout(mode, window_place + 1));
    x_window = layer.gate.close(x_window, queries, mixed);
    x_window = layer.ffn.apply(x_window, trunk_.dropout(mode, window_place + 2));
  }
  if (wanted == Wanted::kAll) {
    x_window = join_parts(x_prefix, prefix, x_window, window);
  }
  return {trunk_.finish(x_window), trunk_.scored().of(items), initial.retrieved};
}

Tensor WindowModel::scored_items() {
  const NoGrad no_grad;
  return trunk_.scored().of(trunk_.items({})).value();
}

Pass WindowModel::encode(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, Wanted::kAll);
}

Pass WindowModel::encode_last(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, Wanted::kLast);
}

Pass WindowModel::encode_window(const data::Batch& batch, const ForwardMode& mode) {
  return run(batch, mode, Wanted::kWindow);
}

ExpertAttention WindowModel::explain(const data::Batch& batch) {
  const NoGrad no_grad;
  AttentionRecord record;
  const Pass pass = run(batch, {}, Wanted::kLast, &record);
  return {pass.retrieved, record.mean()};
}

}  // namespace elastic
