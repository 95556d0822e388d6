#include "cli/asking/explanation.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "base/error.h"
#include "data/batch.h"
#include "model/abilities.h"
#include "model/registry.h"

namespace elastic::cli {
namespace {

// The events with the largest `weights` of one expert. There is a weight per token of the model,
// whose first token is event `first_event` of the history.
std::vector<ExplainedEvent> top_events(const Recommender& recommender,
                                       std::span<const std::int32_t> history,
                                       std::size_t first_event,
                                       std::span<const float> weights,
                                       std::int64_t num_events) {
  std::vector<std::size_t> order(weights.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto count =
      static_cast<std::ptrdiff_t>(std::min(order.size(), static_cast<std::size_t>(num_events)));
  // Equal weights: the latest event first.
  std::partial_sort(
      order.begin(), order.begin() + count, order.end(), [&](std::size_t a, std::size_t b) {
        return weights[a] > weights[b] || (weights[a] == weights[b] && a > b);
      });
  std::vector<ExplainedEvent> events;
  for (const std::size_t token : std::span(order).first(static_cast<std::size_t>(count))) {
    const std::size_t event = first_event + token;
    const train::ItemName& names = recommender.name(history[event]);
    events.push_back(
        {static_cast<std::int64_t>(event) + 1, names.raw_id, names.title, weights[token]});
  }
  return events;
}

}  // namespace

void require_experts(const ModelConfig& config) {
  const std::vector<std::string> names = models_with_experts();
  if (std::find(names.begin(), names.end(), config.model) == names.end()) {
    throw UsageError("--explain: model ",
                     config.model,
                     " has no interest experts; expected a run of ",
                     fmt::format("{}", fmt::join(names, ", ")));
  }
}

std::vector<ExplainedExpert> explain(Recommender& recommender,
                                     const TimedHistory& history,
                                     std::int64_t num_events) {
  Model& model = recommender.model();
  data::BatchBuilder builder;
  builder.add(history.items, model.config().history_len(), history.times);
  const auto length = static_cast<std::size_t>(builder.num_tokens());
  Explaining* explaining = model.explaining();
  if (explaining == nullptr) {
    throw UsageError("model ", model.config().model, " has no interest experts");
  }
  const ExpertAttention attention =
      explaining->explain(builder.build(model.item_table().value().device()));
  const std::vector<float>& weights = attention.weights.front();
  const bool retrieved = attention.retrieved.indices.defined();
  const auto indices = retrieved ? attention.retrieved.indices.to_vector<std::int32_t>()
                                 : std::vector<std::int32_t>{};
  const auto gates =
      retrieved ? attention.retrieved.gates.to_vector<float>() : std::vector<float>{};

  std::vector<ExplainedExpert> experts;
  const auto count = static_cast<std::size_t>(model.config().num_experts);
  const std::size_t tokens = weights.size() / count;
  for (std::size_t i = 0; i < count; ++i) {
    ExplainedExpert expert;
    expert.expert = static_cast<std::int64_t>(i);
    if (retrieved) {
      const std::int64_t subkeys = model.config().retrieval.pool_subkeys;
      expert.expert = indices[i];
      expert.subkeys.emplace(indices[i] / subkeys, indices[i] % subkeys);
      expert.gate = gates[i];
    }
    expert.events = top_events(recommender,
                               history.items,
                               history.items.size() - length,
                               std::span(weights).subspan(i * tokens, tokens),
                               num_events);
    experts.push_back(std::move(expert));
  }
  std::stable_sort(
      experts.begin(), experts.end(), [](const ExplainedExpert& a, const ExplainedExpert& b) {
        return a.gate > b.gate;
      });
  return experts;
}

}  // namespace elastic::cli
