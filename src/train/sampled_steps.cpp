#include "train/sampled_steps.h"

#include <algorithm>
#include <numeric>

#include "autograd/ops/sampled_cross_entropy.h"
#include "tensor/kernels/rows.h"
#include "train/training_step.h"

namespace elastic::train {
namespace {

// The distinct items in `lists` and "no item" (0), ascending. Sets place_of[item] to the position
// of each of them.
std::vector<std::int32_t> named_items(std::initializer_list<const std::vector<std::int32_t>*> lists,
                                      std::vector<std::int32_t>& place_of) {
  constexpr std::int32_t kNamed = -1;
  std::vector<std::int32_t> items{0};
  place_of[0] = kNamed;
  for (const std::vector<std::int32_t>* list : lists) {
    for (const std::int32_t item : *list) {
      std::int32_t& place = place_of[static_cast<std::size_t>(item)];
      if (place != kNamed) {
        place = kNamed;
        items.push_back(item);
      }
    }
  }
  std::sort(items.begin(), items.end());
  for (std::size_t i = 0; i < items.size(); ++i) {
    place_of[static_cast<std::size_t>(items[i])] = static_cast<std::int32_t>(i);
  }
  return items;
}

std::vector<std::int32_t> places(const std::vector<std::int32_t>& items,
                                 const std::vector<std::int32_t>& place_of) {
  std::vector<std::int32_t> result(items.size());
  std::transform(items.begin(), items.end(), result.begin(), [&](std::int32_t item) {
    return place_of[static_cast<std::size_t>(item)];
  });
  return result;
}

}  // namespace

SampledSteps::SampledSteps(Model& model,
                           Optimizer& optimizer,
                           const data::Split& split,
                           const TrainConfig& config)
    : model_(model),
      optimizer_(optimizer),
      settings_(sampled_loss_settings(config.loss, model)),
      sampler_(split, config, settings_.num_drawn),
      device_(model.item_table().value().device()),
      dtype_(model.item_table().value().dtype()) {
  if (settings_.by_rows) {
    place_of_.resize(static_cast<std::size_t>(split.num_items()) + 1);
  }
}

Tensor SampledSteps::upload(const std::vector<std::int32_t>& values) const {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())}, device_);
}

Tensor SampledSteps::log_counts(const std::vector<std::int32_t>& items) const {
  const Shape shape{static_cast<std::int64_t>(items.size())};
  if (!settings_.corrected) {
    Tensor prior(shape, dtype_, device_);
    fill(prior, settings_.prior);
    return prior;
  }
  std::vector<double> logs(items.size());
  std::transform(items.begin(), items.end(), logs.begin(), [&](std::int32_t item) {
    return sampler_.log_expected_count(item);
  });
  return dtype_ == DType::kFloat64
             ? Tensor::from(logs, shape, device_)
             : Tensor::from(std::vector<float>(logs.begin(), logs.end()), shape, device_);
}

SampledItems SampledSteps::sample(const std::vector<std::int32_t>& drawn,
                                  std::span<const Example> examples,
                                  const std::vector<std::int32_t>& targets) const {
  SampledItems sampled;
  sampled.rows = upload(drawn);
  if (settings_.corrected || settings_.prior != 0.0) {
    sampled.log_counts = log_counts(drawn);
    sampled.target_log_counts = log_counts(targets);
  }
  sampled.excluded = positives(drawn, examples);
  return sampled;
}

RowLists SampledSteps::positives(const std::vector<std::int32_t>& drawn,
                                 std::span<const Example> examples) const {
  std::vector<std::int32_t> places;
  std::vector<std::int32_t> begins;
  std::vector<std::int32_t> counts;
  for (const Example& example : examples) {
    std::vector<NegativeSampler::Positive> known = sampler_.positives(example.user, drawn);
    std::stable_sort(
        known.begin(), known.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    const auto begin = static_cast<std::int32_t>(places.size());
    for (const NegativeSampler::Positive& positive : known) {
      places.push_back(positive.place);
    }
    std::size_t count = 0;
    for (std::int32_t i = 0; i < example.num_targets; ++i) {
      while (count < known.size() && known[count].first <= example.first_target() + i) {
        ++count;
      }
      begins.push_back(begin);
      counts.push_back(static_cast<std::int32_t>(count));
    }
  }
  const double total = std::accumulate(counts.begin(), counts.end(), 0.0);
  return {upload(places), upload(begins), upload(counts), total};
}

Variable SampledSteps::sampled_loss(Pass pass,
                                    const Tensor& targets,
                                    const SampledItems& sampled) const {
  return ops::sampled_cross_entropy(
      pass.states, pass.scored_items, targets, sampled, settings_.loss);
}

Tensor SampledSteps::run(const HostBatch& input,
                         std::span<const Example> examples,
                         Supervision supervision,
                         const ForwardMode& mode,
                         double learning_rate) {
  const std::vector<std::int32_t> drawn = sampler_.draw(mode.step);
  SampledItems sampled = sample(drawn, examples, input.targets);
  TrainBatch batch = train::upload(input, device_);
  ForwardMode with_items = mode;
  Tensor rows;
  if (settings_.by_rows) {
    rows = upload(named_items({&input.ids, &input.targets, &drawn}, place_of_));
    const Tensor& table = model_.item_table().value();
    Tensor part({rows.numel(), table.cols()}, dtype_, device_);
    elastic::run(kernels::GatherRows{table, rows, part});
    with_items.items = {Variable(part, /*requires_grad=*/true),
                        upload(places(input.ids, place_of_))};
    batch.targets = upload(places(input.targets, place_of_));
    sampled.rows = upload(places(drawn, place_of_));
  }
  const Variable loss =
      sampled_loss(supervised_pass(model_, batch, supervision, with_items), batch.targets, sampled);
  backward(loss);
  if (settings_.by_rows) {
    optimizer_.step(
        loss.value(), learning_rate, {model_.item_table(), rows, with_items.items.table.grad()});
  } else {
    optimizer_.step(loss.value(), learning_rate);
  }
  return loss.value();
}

}  // namespace elastic::train
