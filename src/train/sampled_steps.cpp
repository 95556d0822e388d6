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
std::vector<std::int32_t> named_items(std::span<const std::vector<std::int32_t>* const> lists,
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

SampledItems SampledSteps::sample(std::span<const Example> examples,
                                  const std::vector<std::int32_t>& targets) const {
  SampledItems sampled;
  sampled.rows = upload(drawn_);
  if (settings_.corrected || settings_.prior != 0.0) {
    sampled.log_counts = log_counts(drawn_);
    sampled.target_log_counts = log_counts(targets);
  }
  sampled.excluded = positives(examples);
  return sampled;
}

RowLists SampledSteps::positives(std::span<const Example> examples) const {
  std::vector<std::int32_t> places;
  std::vector<std::int32_t> begins;
  std::vector<std::int32_t> counts;
  for (const Example& example : examples) {
    std::vector<NegativeSampler::Positive> known = sampler_.positives(example.user, drawn_);
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

void SampledSteps::begin(std::span<const HostBatch> parts, std::uint32_t step) {
  drawn_ = sampler_.draw(step);
  if (!settings_.by_rows) {
    return;
  }
  std::vector<const std::vector<std::int32_t>*> lists{&drawn_};
  for (const HostBatch& part : parts) {
    lists.push_back(&part.ids);
    lists.push_back(&part.targets);
  }
  rows_ = upload(named_items(lists, place_of_));
  const Tensor& items = model_.item_table().value();
  Tensor part({rows_.numel(), items.cols()}, dtype_, device_);
  elastic::run(kernels::GatherRows{items, rows_, part});
  table_ = Variable(part, /*requires_grad=*/true);
}

Variable SampledSteps::loss(const HostBatch& part,
                            std::span<const Example> examples,
                            Supervision supervision,
                            const ForwardMode& mode) {
  SampledItems sampled = sample(examples, part.targets);
  TrainBatch batch = train::upload(part, device_);
  ForwardMode with_items = mode;
  if (settings_.by_rows) {
    with_items.items = {table_, upload(places(part.ids, place_of_))};
    batch.targets = upload(places(part.targets, place_of_));
    sampled.rows = upload(places(drawn_, place_of_));
  }
  return sampled_loss(
      supervised_pass(model_, batch, supervision, with_items), batch.targets, sampled);
}

void SampledSteps::update(const Tensor& loss, double learning_rate, const Tensor& table_grad) {
  if (settings_.by_rows) {
    optimizer_.step(loss, learning_rate, {model_.item_table(), rows_, table_grad});
    table_ = {};
  } else {
    optimizer_.step(loss, learning_rate);
  }
}

Tensor SampledSteps::run(const HostBatch& input,
                         std::span<const Example> examples,
                         Supervision supervision,
                         const ForwardMode& mode,
                         double learning_rate) {
  begin({&input, 1}, mode.step);
  const Variable mean = loss(input, examples, supervision, mode);
  backward(mean);
  update(mean.value(), learning_rate, settings_.by_rows ? table_.grad() : Tensor());
  return mean.value();
}

}  // namespace elastic::train
