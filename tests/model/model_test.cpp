// Guarantees of every registered model.
#include "model/model.h"

#include "model/fixed_weights.h"
#include "model/model_fixture.h"
#include "tensor/kernels/elementwise.h"

namespace elastic {
namespace {

const ForwardMode kTraining{true, 5, 3};

std::unique_ptr<Model> small_model(const std::string& name, DType dtype = DType::kFloat32) {
  return new_model(small_config(name), /*seed=*/1, dtype);
}

std::vector<std::string> models_of(Direction direction) {
  std::vector<std::string> names;
  for (const std::string& name : model_names()) {
    if (small_model(name)->direction() == direction) {
      names.push_back(name);
    }
  }
  return names;
}

TEST_CASE("models: a sequence has the same bits alone and among others") {
  const NoGrad no_grad;
  const Threads one(1);
  const std::vector<History> histories = ragged_histories();
  const data::Batch batch = batch_of(histories);
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    const Tensor all = model->encode(batch, {}).states.value();
    const Tensor last = model->encode_last(batch, {}).states.value();
    CHECK(all.shape() == Shape{batch.num_tokens(), 8});
    CHECK(last.shape() == Shape{batch.size(), 8});
    for (std::int64_t b = 0; b < batch.size(); ++b) {
      CAPTURE(b);
      const data::Batch alone = batch_of({histories[static_cast<std::size_t>(b)]});
      CHECK(same_numbers(model->encode(alone, {}).states.value(),
                         all.slice(batch.segments.begin(b), batch.segments.end(b))));
      CHECK(same_numbers(model->encode_last(alone, {}).states.value(), last.slice(b, b + 1)));
    }
  }
}

TEST_CASE("models: a batch's order does not matter") {
  const NoGrad no_grad;
  const Threads one(1);
  std::vector<History> histories = ragged_histories();
  const data::Batch batch = batch_of(histories);
  std::reverse(histories.begin(), histories.end());
  const data::Batch reversed = batch_of(histories);
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    const Tensor a = model->encode_last(batch, {}).states.value();
    const Tensor b = model->encode_last(reversed, {}).states.value();
    for (std::int64_t i = 0; i < batch.size(); ++i) {
      CHECK(same_numbers(a.slice(i, i + 1), b.slice(batch.size() - 1 - i, batch.size() - i)));
    }
  }
}

TEST_CASE("models: encode_last equals encode at the last tokens") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      CAPTURE(name);
      const auto model = small_model(name, dtype);
      const Variable states = model->encode(batch, {}).states;
      const Tensor want = ops::gather_rows(states, batch.segments.last_tokens()).value();
      CHECK(relative_error(to_doubles(want),
                           to_doubles(model->encode_last(batch, {}).states.value())) <
            (dtype == DType::kFloat32 ? tolerance::kEqualFloat32 : tolerance::kSum));
    }
  }
}

TEST_CASE("causal models: later events do not change an earlier state") {
  const NoGrad no_grad;
  const Threads one(1);
  const History history = random_ids(80, 1, 40, 1);
  for (const std::string& name : models_of(Direction::kCausal)) {
    for (const std::string position : {"auto", "forward", "recent", "none"}) {
      ModelConfig config = small_config(name);
      config.position = parse_choice<PositionEmbedding>(position, "position");
      const auto model = new_model(config);
      const Tensor states = model->encode(batch_of({history}), {}).states.value();
      for (const std::int64_t t : {0, 1, 63, 64, 78}) {
        CAPTURE(name);
        CAPTURE(position);
        CAPTURE(t);
        History replaced = history;
        for (auto event = replaced.begin() + t + 1; event != replaced.end(); ++event) {
          *event = *event % 40 + 1;
        }
        const Tensor other = model->encode(batch_of({replaced}), {}).states.value();
        CHECK(same_numbers(other.slice(0, t + 1), states.slice(0, t + 1)));
        CHECK_FALSE(same_bits(other.slice(t + 1, t + 2), states.slice(t + 1, t + 2)));
      }
    }
  }
}

TEST_CASE("causal models: appending changes no state unless positions count from the end") {
  const NoGrad no_grad;
  const Threads one(1);
  const History history = random_ids(80, 1, 40, 2);
  for (const std::string& name : models_of(Direction::kCausal)) {
    for (const std::string position : {"auto", "forward", "none"}) {
      ModelConfig config = small_config(name);
      config.position = parse_choice<PositionEmbedding>(position, "position");
      const auto model = new_model(config);
      const Tensor states = model->encode(batch_of({history}), {}).states.value();
      for (const std::int64_t t : {1, 63, 65, 79}) {
        CAPTURE(name);
        CAPTURE(position);
        CAPTURE(t);
        const History prefix(history.begin(), history.begin() + t);
        CHECK(
            same_numbers(model->encode(batch_of({prefix}), {}).states.value(), states.slice(0, t)));
      }
    }
  }
}

TEST_CASE("bidirectional models: an early state sees a later event") {
  const NoGrad no_grad;
  const Threads one(1);
  History history = random_ids(20, 1, 40, 3);
  for (const std::string& name : models_of(Direction::kBidirectional)) {
    const auto model = small_model(name);
    CAPTURE(name);
    const Tensor states = model->encode(batch_of({history}), {}).states.value();
    History changed = history;
    changed.back() = changed.back() % 40 + 1;
    CHECK_FALSE(same_numbers(model->encode(batch_of({changed}), {}).states.value().slice(0, 1),
                             states.slice(0, 1)));
  }
}

TEST_CASE("windowed models: the prefix sees itself whole, the window no later event") {
  const NoGrad no_grad;
  const Threads one(1);
  const History history = random_ids(80, 1, 40, 3);
  for (const std::string& name : models_of(Direction::kWindowed)) {
    const auto model = small_model(name);
    const std::int64_t middle = 80 - model->config().window;
    const Tensor states = model->encode(batch_of({history}), {}).states.value();
    const auto states_after_change = [&](std::int64_t event) {
      History changed = history;
      std::int32_t& id = changed[static_cast<std::size_t>(event)];
      id = id % 40 + 1;
      return model->encode(batch_of({changed}), {}).states.value();
    };
    CAPTURE(name);
    for (std::int64_t event = middle; event < 80; ++event) {
      CAPTURE(event);
      const Tensor other = states_after_change(event);
      CHECK(same_numbers(other.slice(0, event), states.slice(0, event)));
      CHECK_FALSE(same_bits(other.slice(event, event + 1), states.slice(event, event + 1)));
    }
    const Tensor other = states_after_change(middle - 1);
    CHECK_FALSE(same_numbers(other.slice(0, 1), states.slice(0, 1)));
    CHECK_FALSE(same_numbers(other.slice(79, 80), states.slice(79, 80)));
  }
}

TEST_CASE("windowed models: encode_window equals encode at the latest tokens; others have none") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    WindowTargets* window = model->window_targets();
    CHECK((window != nullptr) == (model->direction() == Direction::kWindowed));
    if (window == nullptr) {
      continue;
    }
    const std::vector<double> states = to_doubles(model->encode(batch, {}).states.value());
    const Segments& segments = batch.segments;
    std::vector<double> want;
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      const std::int64_t begin =
          std::max<std::int64_t>(segments.begin(b), segments.end(b) - model->config().window);
      want.insert(want.end(), states.begin() + begin * 8, states.begin() + segments.end(b) * 8);
    }
    CHECK(relative_error(want, to_doubles(window->encode_window(batch, {}).states.value())) <
          tolerance::kEqualFloat32);
  }
}

TEST_CASE("models: position auto is forward when causal and recent when not") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    CHECK(model->config().position == (model->direction() == Direction::kCausal
                                           ? PositionEmbedding::kForward
                                           : PositionEmbedding::kRecent));
    ModelConfig config = small_config(name);
    config.position = PositionEmbedding::kNone;
    CHECK_THROWS_AS((void)new_model(config)->parameters().find("position_embedding.weight"),
                    UsageError);
  }
}

TEST_CASE("models: every parameter receives a gradient that is not zero") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    const auto model = small_model(name);
    backward(training_loss(*model, batch, kTraining));
    for (const Parameter& parameter : model->parameters().trained()) {
      CAPTURE(name);
      CAPTURE(parameter.name);
      const Tensor& grad = parameter.variable.grad();
      CHECK(grad.defined() != parameter.unread);
      if (parameter.unread) {
        continue;
      }
      REQUIRE(grad.defined());
      const std::vector<double> values = to_doubles(grad);
      CHECK(std::all_of(values.begin(), values.end(), [](double g) { return std::isfinite(g); }));
      CHECK(std::any_of(values.begin(), values.end(), [](double g) { return g != 0.0; }));
    }
  }
}

TEST_CASE("models: the row of no item is zero and stays without a gradient") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    CHECK(to_doubles(model->item_table().value().slice(0, 1)) == std::vector<double>(8, 0.0));
    backward(training_loss(*model, batch, kTraining));
    CHECK(to_doubles(model->item_table().grad().slice(0, 1)) == std::vector<double>(8, 0.0));
  }
}

TEST_CASE("models: the same bits at one, two and three threads, gradients included") {
  if (!on_cpu()) {
    return;
  }
  // Large enough that every kernel takes more than one thread.
  std::vector<History> histories;
  for (std::int64_t i = 0; i < 192; ++i) {
    histories.push_back(random_ids(1 + i * 37 % 150, 1, 400, static_cast<std::uint64_t>(i)));
  }
  const data::Batch batch = batch_of(histories);
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    std::vector<std::vector<double>> results;
    for (const int count : {1, 2, 3}) {
      const Threads threads(count);
      ModelConfig config = small_config(name);
      config.dim = 32;
      config.ffn_dim = 64;
      config.max_len = 150;
      config.num_experts = 8;
      config.num_items = 400;
      const auto model = new_model(config);
      const Variable loss = training_loss(*model, batch, kTraining);
      std::vector<double> result = to_doubles(loss.value());
      backward(loss);
      for (const Parameter& parameter : model->parameters().all()) {
        if (parameter.unread) {
          continue;
        }
        const std::vector<double> numbers =
            to_doubles(parameter.trained ? parameter.variable.grad() : parameter.variable.value());
        result.insert(result.end(), numbers.begin(), numbers.end());
      }
      results.push_back(result);
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0] == results[2]);
  }
}

TEST_CASE("models: dropout acts in training only, with a mask per seed and step") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    // A new model each time: training may move buffers.
    const auto states = [&](const ForwardMode& mode) {
      return small_model(name)->encode(batch, mode).states.value();
    };
    CHECK(same_bits(states({false, 1, 1}), states({false, 2, 2})));
    CHECK(same_bits(states({true, 1, 1}), states({true, 1, 1})));
    CHECK_FALSE(same_bits(states({true, 1, 1}), states({false, 1, 1})));
    CHECK_FALSE(same_bits(states({true, 1, 1}), states({true, 2, 1})));
    CHECK_FALSE(same_bits(states({true, 1, 1}), states({true, 1, 2})));
  }
}

TEST_CASE("models: float32 stays close to float64") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    CHECK(
        relative_error(
            to_doubles(small_model(name, DType::kFloat64)->encode(batch, kTraining).states.value()),
            to_doubles(small_model(name)->encode(batch, kTraining).states.value())) <
        tolerance::kFloat32Deep);
  }
}

TEST_CASE("models: initial weights depend on seed, name and shape only") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    const auto again = small_model(name);
    const auto other_seed = new_model(small_config(name), 2);
    ModelConfig deeper_config = small_config(name);
    deeper_config.num_layers = 3;
    const auto deeper = new_model(deeper_config);
    for (const Parameter& parameter : model->parameters().all()) {
      CAPTURE(parameter.name);
      const Tensor& value = parameter.variable.value();
      CHECK(same_bits(again->parameters().find(parameter.name).value(), value));
      CHECK(same_bits(deeper->parameters().find(parameter.name).value(), value));
    }
    CHECK_FALSE(same_bits(other_seed->item_table().value(), model->item_table().value()));
  }
}

TEST_CASE("models: shared parameters of two models have equal initial values") {
  const auto names = model_names();
  const auto first = small_model(names.front());
  for (const std::string& name : names) {
    CAPTURE(name);
    CHECK(same_bits(small_model(name)->item_table().value(), first->item_table().value()));
  }
}

TEST_CASE("models: a sequence longer than max_len, or empty, is refused") {
  const History long_history(91, 1);
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    const data::Batch batch = batch_of({{1}, long_history});
    const std::string message = "model: sequence 1 has 91 events, expected 1 to max_len 90";
    CHECK(message_of([&] { model->encode(batch, {}); }) == message);
    CHECK(message_of([&] { model->encode_last(batch, {}); }) == message);
    const data::Batch empty{segments_of({1, 0}), int_tensor({1})};
    CHECK(message_of([&] { model->encode(empty, {}); }) ==
          "model: sequence 1 has 0 events, expected 1 to max_len 90");
  }
}

TEST_CASE("models: fixed weights change no bit, and changed weights are seen afterwards") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    const auto pass = [&] {
      const NoGrad no_grad;
      const Pass made = model->encode_last(batch, {});
      CHECK(same_bits(model->scored_items(), made.scored_items.value()));
      return std::pair(made.states.value(), clone(made.scored_items.value()));
    };
    const auto plain = pass();
    {
      const FixedWeights fixed(*model);
      for (int i = 0; i < 2; ++i) {
        const auto again = pass();
        CHECK(same_bits(again.first, plain.first));
        CHECK(same_bits(again.second, plain.second));
      }
    }
    for (const Parameter& parameter : model->parameters().all()) {
      Tensor& value = parameter.variable.mutable_value();
      run(kernels::Scale{value, 1.5, value});
    }
    CHECK_FALSE(same_bits(pass().first, plain.first));
    CHECK_FALSE(same_bits(pass().second, plain.second));
  }
}

TEST_CASE("models: scored items have a row for each item, and the gradient of a pass") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    const Variable items = model->encode(batch, {}).scored_items;
    CHECK(items.shape() == model->item_table().shape());
    CHECK(items.requires_grad());
  }
}

TEST_CASE("models: an unknown name suggests the nearest") {
  for (const std::string& name : model_names()) {
    CHECK(is_registered(name));
    ModelConfig config = small_config(name + "x");
    CHECK(message_of([&] { new_model(config); }) ==
          "--model: unknown model '" + name + "x'; did you mean " + name + "?");
    CHECK_THROWS_AS(new_model(config), UsageError);
  }
  CHECK_FALSE(is_registered("nothing-like-it"));
  CHECK(message_of([] { new_model(small_config("nothing-like-it-at-all")); }) ==
        "--model: unknown model 'nothing-like-it-at-all'");
}

TEST_CASE("models: those with retrieval return the chosen experts") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = small_model(name);
    const RetrievedExperts experts = model->encode_last(batch, {}).retrieved;
    CHECK(experts.indices.defined() == experts.gates.defined());
    if (experts.indices.defined()) {
      CHECK(experts.indices.shape() == Shape{batch.size(), 4});
      for (const std::int32_t id : experts.indices.to_vector<std::int32_t>()) {
        CHECK(id >= 0);
        CHECK(id < 9);
      }
    }
  }
}

}  // namespace
}  // namespace elastic
