#include "train/sampled_steps.h"

#include <cmath>

#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "tolerances.h"
#include "train/training_step.h"

namespace elastic::train::sampled_steps_test {
namespace {

const char* const kLosses[] = {"sampled-softmax", "bce", "gbce"};

TrainConfig config_of(const std::string& loss, const std::string& updates = "auto") {
  TrainConfig config = tiny_train_config();
  config.loss.kind = parse_choice<LossKind>(loss, "loss");
  config.loss.negatives = 9;
  config.loss.item_updates = parse_choice<ItemUpdates>(updates, "updates");
  return config;
}

// Trains a model on the first examples of a split, step by step.
struct Stepper {
  data::Split split;
  TrainConfig config;
  std::unique_ptr<Model> model;
  Optimizer optimizer;
  SampledSteps steps;
  ExampleOptions options;

  Stepper(const ModelConfig& model_config,
          const TrainConfig& train_config,
          DType dtype = DType::kFloat32,
          data::Split data = tiny_split())
      : split(std::move(data)),
        config(train_config),
        model(make_model(model_config, 3, dtype, test_device())),
        optimizer(model->parameters(), config),
        steps(*model, optimizer, split, config),
        options{supervision_for(config.targets, *model),
                {},
                model_config.max_len,
                model_config.window,
                config.targets.window_targets,
                static_cast<std::uint64_t>(config.seed)} {}

  [[nodiscard]] std::vector<Example> examples_at(std::uint32_t step) const {
    std::vector<std::int64_t> lengths;
    for (std::int64_t user = 0; user < split.num_users(); ++user) {
      lengths.push_back(static_cast<std::int64_t>(split.train_sequence(user).size()));
    }
    std::vector<Example> examples = epoch_examples(lengths, options, step);
    examples.resize(std::min<std::size_t>(examples.size(), 10));
    return examples;
  }
  double run(std::uint32_t step) {
    const std::vector<Example> examples = examples_at(step);
    const ForwardMode mode{/*training=*/true, 5, step};
    const Tensor loss = steps.run(
        collect_batch(split, examples, options), examples, options.supervision, mode, 1e-2);
    optimizer.require_finite();
    return to_doubles(loss)[0];
  }
  [[nodiscard]] std::vector<std::vector<std::byte>> parameters() const {
    std::vector<std::vector<std::byte>> result;
    for (const Parameter& parameter : model->parameters().all()) {
      result.push_back(bits_of(parameter.variable.value()));
    }
    return result;
  }
};

ModelConfig windowed_config(const std::string& model) {
  ModelConfig config = tiny_model_config(model);
  config.window = 3;
  return config;
}

// Only the first step: later, Adam over all items also moves items that a step does not refer to.
TEST_CASE("sampled steps: the first step by rows has the bits of one over all items") {
  const std::vector<std::string> models =
      test_is_brief() ? std::vector<std::string>{"elastic-window"}
                      : std::vector<std::string>{"softmax", "elastic", "elastic-window", "gru"};
  for (const std::string& model : models) {
    for (const std::string loss : kLosses) {
      for (const std::string sampling : {"uniform", "popularity"}) {
        if (test_is_brief() && (sampling == "popularity") != (loss == "sampled-softmax")) {
          continue;
        }
        CAPTURE(model);
        CAPTURE(loss);
        TrainConfig rows = config_of(loss, "rows");
        rows.loss.negative_sampling = parse_choice<NegativeSampling>(sampling, "sampling");
        TrainConfig all = rows;
        all.loss.item_updates = ItemUpdates::kAll;
        Stepper by_rows(windowed_config(model), rows);
        Stepper whole(windowed_config(model), all);
        const auto before = whole.parameters();
        CHECK(by_rows.run(1) == whole.run(1));
        CHECK(by_rows.parameters() == whole.parameters());
        CHECK(whole.parameters() != before);
      }
    }
  }
}

TEST_CASE("sampled steps: cosine logits normalise the step's rows, with the bits of the table's") {
  for (const std::string model : {"softmax", "elastic-window"}) {
    for (const std::string loss : kLosses) {
      CAPTURE(model);
      CAPTURE(loss);
      ModelConfig config = windowed_config(model);
      config.logits.kind = LogitKind::kCosine;
      Stepper by_rows(config, config_of(loss, "rows"));
      Stepper whole(config, config_of(loss, "all"));
      const double whole_loss = whole.run(1);
      CHECK(by_rows.run(1) == whole_loss);
      CHECK(by_rows.parameters() == whole.parameters());
      Stepper dot(windowed_config(model), config_of(loss, "rows"));
      CHECK(dot.run(1) != whole_loss);
    }
  }
}

TEST_CASE("sampled steps: random experts depend on the items, not on their rows") {
  ModelConfig config = tiny_model_config("elastic");
  config.retrieval.experts = ExpertChoice::kRandom;
  Stepper by_rows(config, config_of("bce", "rows"));
  Stepper whole(config, config_of("bce", "all"));
  CHECK(by_rows.run(1) == whole.run(1));
  CHECK(by_rows.parameters() == whole.parameters());
}

constexpr std::int32_t kWideItems = 4000;

// The users of tiny_split(), who use 12 of the items: a step's draw misses most of the others.
data::Split wide_split() {
  data::IdMap items;
  for (std::int32_t item = 0; item < kWideItems; ++item) {
    items.add(std::to_string(item));
  }
  data::IdMap users;
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> events;
  const data::Split tiny = tiny_split();
  for (std::int64_t user = 0; user < tiny.num_users(); ++user) {
    users.add(std::to_string(user));
    const auto sequence = tiny.dataset().sequence(user);
    events.insert(events.end(), sequence.begin(), sequence.end());
    offsets.push_back(static_cast<std::int64_t>(events.size()));
  }
  return data::Split(
      std::make_shared<const data::Dataset>(offsets, events, std::move(users), std::move(items)));
}

TEST_CASE("sampled steps: the loss falls, and items that no step refers to do not change") {
  for (const char* loss : kLosses) {
    CAPTURE(loss);
    ModelConfig config = tiny_model_config("softmax");
    config.dropout = 0.0;
    config.num_items = kWideItems;
    Stepper stepper(config, config_of(loss), DType::kFloat64, wide_split());
    const std::vector<double> before = to_doubles(stepper.model->item_table().value());
    const double first = stepper.run(1);
    constexpr std::uint32_t kFewSteps = 5;
    for (std::uint32_t step = 2; step <= kFewSteps; ++step) {
      stepper.run(step);
    }
    const std::vector<double> after = to_doubles(stepper.model->item_table().value());
    std::int64_t moved = 0;
    for (std::size_t row = 0; row <= kWideItems; ++row) {
      moved += std::equal(before.begin() + static_cast<std::ptrdiff_t>(16 * row),
                          before.begin() + static_cast<std::ptrdiff_t>(16 * row + 16),
                          after.begin() + static_cast<std::ptrdiff_t>(16 * row))
                   ? 0
                   : 1;
    }
    const std::int64_t drawn = sampled_loss_settings(stepper.config.loss, *stepper.model).num_drawn;
    CHECK(moved >= kTinyItems);
    CHECK(moved <= kTinyItems + drawn * kFewSteps);
    if (!test_is_brief()) {
      double last = first;
      for (std::uint32_t step = kFewSteps + 1; step <= 200; ++step) {
        last = stepper.run(step);
      }
      CHECK(last < 0.95 * first);
    }
  }
}

TEST_CASE("sampled steps: users who have seen all items contribute nothing") {
  for (const char* loss : kLosses) {
    CAPTURE(loss);
    Stepper stepper(tiny_model_config("softmax"), config_of(loss), DType::kFloat32, tiny_split(14));
    const auto before = stepper.parameters();
    CHECK(stepper.run(1) == 0.0);
    CHECK(stepper.parameters() == before);
  }
}

double softplus(double x) {
  return std::log1p(std::exp(x));
}

// The loss of a target from its score, those of its negatives, and the settings.
double loss_by_definition(const SampledLossSettings& settings,
                          double target,
                          const std::vector<double>& negatives) {
  if (negatives.empty()) {
    return 0.0;
  }
  double sum = 0.0;
  if (settings.loss.kind == SampledLoss::Kind::kSoftmax) {
    for (const double score : negatives) {
      sum += std::exp(score);
    }
    return std::log(std::exp(target) + sum) - target;
  }
  for (const double score : negatives) {
    sum += settings.loss.negative_weight * softplus(score);
  }
  return (settings.loss.target_power * softplus(-target) + sum) /
         (1.0 + settings.loss.negative_weight * static_cast<double>(negatives.size()));
}

// The mean loss of a step before its update. A drawn item is a negative of a target unless it is
// the target or among the events before it; without `exclude`, unless it is among any of the user's
// training events.
double expected_step_loss(const Stepper& stepper, std::uint32_t step, bool exclude) {
  const NoGrad no_grad;
  const auto settings = sampled_loss_settings(stepper.config.loss, *stepper.model);
  const NegativeSampler sampler(stepper.split, stepper.config, settings.num_drawn);
  const std::vector<Example> examples = stepper.examples_at(step);
  const HostBatch batch = collect_batch(stepper.split, examples, stepper.options);
  const Pass pass = supervised_pass(*stepper.model,
                                    upload(batch, test_device()),
                                    stepper.options.supervision,
                                    {/*training=*/true, 5, step});
  const std::vector<double> states = to_doubles(pass.states.value());
  const std::vector<double> table = to_doubles(pass.scored_items.value());
  const auto dim = static_cast<std::size_t>(pass.scored_items.shape()[1]);
  std::size_t row = 0;
  const auto score = [&](std::int32_t item) {
    const double shift = settings.corrected ? sampler.log_expected_count(item) : settings.prior;
    double sum = -shift;
    for (std::size_t j = 0; j < dim; ++j) {
      sum += states[row * dim + j] * table[static_cast<std::size_t>(item) * dim + j];
    }
    return sum;
  };
  double total = 0.0;
  for (const Example& example : examples) {
    const auto events = stepper.split.train_sequence(example.user);
    for (std::int32_t i = example.num_targets; i > 0; --i, ++row) {
      const auto place = events.begin() + example.end + 1 - i;
      std::vector<double> negatives;
      for (const std::int32_t item : sampler.draw(step)) {
        const auto end = exclude ? place + 1 : events.end();
        if (std::find(events.begin(), end, item) == end) {
          negatives.push_back(score(item));
        }
      }
      total += loss_by_definition(settings, score(*place), negatives);
    }
  }
  CHECK(row == batch.targets.size());
  return total / static_cast<double>(row);
}

TEST_CASE("sampled steps: the negatives of a target are the items left, with either rule") {
  const std::vector<std::string> models =
      test_is_brief() ? std::vector<std::string>{"elastic-window"}
                      : std::vector<std::string>{"softmax", "elastic", "elastic-window"};
  for (const std::string& model : models) {
    for (const char* loss : kLosses) {
      for (const std::int32_t shortest : {4, 14}) {  // from 14 on, targets are repeated
        for (const TrainSeen seen : {TrainSeen::kKeep, TrainSeen::kExclude}) {
          if (test_is_brief() && (shortest == 4 || seen == TrainSeen::kKeep)) {
            continue;
          }
          CAPTURE(model);
          CAPTURE(loss);
          CAPTURE(shortest);
          const bool exclude = seen == TrainSeen::kExclude;
          TrainConfig config = config_of(loss);
          config.loss.train_seen = seen;
          config.loss.negative_sampling = loss == std::string("sampled-softmax")
                                              ? NegativeSampling::kPopularity
                                              : NegativeSampling::kUniform;
          ModelConfig model_config = windowed_config(model);
          model_config.dropout = 0.0;
          Stepper stepper(model_config, config, DType::kFloat64, tiny_split(shortest));
          const double expected = expected_step_loss(stepper, 1, exclude);
          CHECK(stepper.run(1) == doctest::Approx(expected).epsilon(1e-9));
          CHECK(expected != doctest::Approx(expected_step_loss(stepper, 1, !exclude)));
        }
      }
    }
  }
}

TEST_CASE("sampled steps: a model that computes its items trains the whole table") {
  for (const char* variant : {"base", "soft", "mini"}) {
    CAPTURE(variant);
    ModelConfig config = tiny_model_config("lisa");
    config.lisa.variant = parse_choice<LisaVariant>(variant, "variant");
    Stepper stepper(config, config_of("sampled-softmax"));
    const auto before = stepper.parameters();
    CHECK(std::isfinite(stepper.run(1)));
    CHECK(stepper.parameters() != before);
    CHECK(
        message_of([&] { Stepper(config, config_of("bce", "rows")); }) ==
        "--item-updates: expected all or auto with --model lisa, which computes its items from the "
        "whole "
        "table, got 'rows'");
  }
}

// With small weights, scores are near 0, so the first loss shows the prior.
TEST_CASE("sampled steps: a binary loss starts at the odds of its negatives") {
  for (const std::int64_t negatives : {1, 9, 400}) {
    CAPTURE(negatives);
    TrainConfig config = config_of("bce");
    config.loss.negatives = negatives;
    ModelConfig model_config = tiny_model_config("softmax");
    model_config.num_items = kWideItems;
    Stepper stepper(model_config, config, DType::kFloat64, wide_split());
    const auto m = static_cast<double>(negatives);
    const double prior = std::log(m);
    const double expected = (softplus(prior) + m * softplus(-prior)) / (1.0 + m);
    CHECK(std::abs(stepper.run(1) / expected - 1.0) < 0.05);
    const SampledLossSettings settings = sampled_loss_settings(config.loss, *stepper.model);
    CHECK(settings.num_drawn == std::max<std::int64_t>(negatives, 256));
    CHECK(settings.loss.negative_weight * static_cast<double>(settings.num_drawn) ==
          doctest::Approx(m));
  }
}

TEST_CASE("sampled steps: gbce's power follows the paper, and too many negatives are refused") {
  const auto model = make_model(tiny_model_config("softmax"), 1);  // 11 items besides the target
  const auto power = [&](double t, std::int64_t negatives) {
    TrainConfig config = config_of("gbce");
    config.loss.gbce_t = t;
    config.loss.negatives = negatives;
    return sampled_loss_settings(config.loss, *model).loss.target_power;
  };
  const double alpha = 4.0 / 11.0;
  CHECK(power(0.75, 4) == doctest::Approx(alpha * (0.75 * (1.0 - 1.0 / alpha) + 1.0 / alpha)));
  CHECK(power(0.0, 4) == doctest::Approx(1.0));
  CHECK(power(1.0, 4) == doctest::Approx(alpha));
  CHECK(power(0.75, 11) == doctest::Approx(1.0));
  CHECK(message_of([&] { power(0.75, 12); }) ==
        "--negatives: expected at most 11 with --loss gbce, the items besides the target, got 12");
}

// Bytes that a step needs besides weights and moments.
std::size_t step_bytes(std::int64_t num_items, const std::string& updates) {
  data::IdMap items;
  for (std::int64_t item = 0; item < num_items; ++item) {
    items.add(std::to_string(item));
  }
  data::IdMap users;
  users.add("one");
  std::vector<std::int32_t> events;
  for (std::int32_t i = 0; i < 40; ++i) {
    events.push_back(1 + i % 25);
  }
  ModelConfig config = tiny_model_config("softmax");
  config.num_items = num_items;
  Stepper stepper(
      config,
      config_of("gbce", updates),
      DType::kFloat32,
      data::Split(std::make_shared<const data::Dataset>(
          std::vector<std::int64_t>{0, 40}, events, std::move(users), std::move(items))));
  stepper.run(1);
  CachingAllocator& allocator = test_backend().allocator();
  allocator.reset_peak();
  const std::size_t before = allocator.report().total_current;
  stepper.run(2);
  return allocator.report().total_peak - before;
}

TEST_CASE("sampled steps: by rows, the memory of a step does not grow with the catalogue") {
  const std::int64_t items = test_is_brief() ? 20000 : 100000;
  const std::size_t few = step_bytes(500, "rows");
  const std::size_t many = step_bytes(items, "rows");
  CHECK(many < few + few / 4);
  CHECK(step_bytes(items, "all") > static_cast<std::size_t>(items) * 16 * 4);
}

}  // namespace
}  // namespace elastic::train::sampled_steps_test
