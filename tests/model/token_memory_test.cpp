// elastic-causal with a memory per token: the guarantees of every model.
#include "model/token_memory.h"

#include "model/abilities.h"
#include "model/model_fixture.h"

namespace elastic::token_memory_test {
namespace {

const ForwardMode kTraining{true, 5, 3};

ModelConfig memory_config() {
  ModelConfig config = small_config("elastic-causal");
  config.retrieval.memory = EventMemory::kPerToken;
  return config;
}

ModelConfig stream_config() {
  ModelConfig config = memory_config();
  config.position = PositionEmbedding::kNone;
  config.max_len = 10'000;
  return config;
}

bool is_of_memory(const Parameter& parameter) {
  return parameter.name.find(".attention.memory.") != std::string::npos;
}

TEST_CASE("token memory: adds its parameters to those of the model without it") {
  const auto with = new_model(memory_config());
  const auto without = new_model(small_config("elastic-causal"));
  std::vector<std::string> names;
  for (const Parameter& parameter : with->parameters().all()) {
    if (is_of_memory(parameter)) {
      names.push_back(parameter.name);
    } else {
      CHECK(same_bits(parameter.variable.value(),
                      without->parameters().find(parameter.name).value()));
    }
  }
  CHECK(names.size() + without->parameters().all().size() == with->parameters().all().size());
  const std::string prefix = "layers.1.attention.memory.";
  const auto shape = [&](const std::string& name) {
    return with->parameters().find(prefix + name).shape();
  };
  CHECK(shape("project.weight") == Shape{12, 8});
  CHECK(shape("project.bias") == Shape{12});
  CHECK(shape("query_norm.weight") == Shape{6});
  CHECK(shape("query_norm.bias") == Shape{6});
  CHECK(shape("subkeys") == Shape{2, 2, 3, 3});
  CHECK(shape("table") == Shape{9, 8});
  CHECK(names.size() == 12);
}

TEST_CASE("token memory: a sequence has the same bits alone and among others") {
  const NoGrad no_grad;
  const Threads one(1);
  const std::vector<History> histories = ragged_histories();
  const data::Batch batch = batch_of(histories);
  const auto model = new_model(memory_config());
  const Tensor all = model->encode(batch, {}).states.value();
  const Tensor last = model->encode_last(batch, {}).states.value();
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    CAPTURE(b);
    const data::Batch alone = batch_of({histories[static_cast<std::size_t>(b)]});
    CHECK(same_numbers(model->encode(alone, {}).states.value(),
                       all.slice(batch.segments.begin(b), batch.segments.end(b))));
    CHECK(same_numbers(model->encode_last(alone, {}).states.value(), last.slice(b, b + 1)));
  }
}

TEST_CASE("token memory: encode_last equals encode at the last tokens") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  const auto model = new_model(memory_config(), 1, DType::kFloat64);
  const Tensor want =
      ops::gather_rows(model->encode(batch, {}).states, batch.segments.last_tokens()).value();
  CHECK(relative_error(to_doubles(want), to_doubles(model->encode_last(batch, {}).states.value())) <
        tolerance::kSum);
}

TEST_CASE("token memory: later events do not change an earlier state") {
  const NoGrad no_grad;
  const Threads one(1);
  const History history = random_ids(80, 1, 40, 1);
  const auto model = new_model(memory_config());
  const Tensor states = model->encode(batch_of({history}), {}).states.value();
  for (const std::int64_t t : {0, 1, 63, 64, 78}) {
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

TEST_CASE("token memory: every parameter receives a gradient, at every token or the last ones") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const bool last_only : {false, true}) {
    const auto model = new_model(memory_config());
    const Variable states =
        (last_only ? model->encode_last(batch, kTraining) : model->encode(batch, kTraining)).states;
    backward(ops::linear_cross_entropy(
        states, model->item_table(), int_tensor(random_ids(states.shape()[0], 1, 40, 9))));
    for (const Parameter& parameter : model->parameters().all()) {
      CAPTURE(last_only);
      CAPTURE(parameter.name);
      REQUIRE(parameter.variable.grad().defined());
      const std::vector<double> grad = to_doubles(parameter.variable.grad());
      CHECK(std::all_of(grad.begin(), grad.end(), [](double g) { return std::isfinite(g); }));
      CHECK(std::any_of(grad.begin(), grad.end(), [](double g) { return g != 0.0; }));
    }
  }
}

TEST_CASE("token memory: the same bits at one, two and three threads, gradients included") {
  if (!on_cpu()) {
    return;
  }
  std::vector<History> histories;
  for (std::int64_t i = 0; i < 192; ++i) {
    histories.push_back(random_ids(1 + i * 37 % 150, 1, 400, static_cast<std::uint64_t>(i)));
  }
  const data::Batch batch = batch_of(histories);
  std::vector<std::vector<double>> results;
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    ModelConfig config = memory_config();
    config.dim = 32;
    config.max_len = 150;
    config.num_experts = 8;
    config.retrieval.pool_subkeys = 8;
    config.num_items = 400;
    const auto model = new_model(config);
    const Variable loss = training_loss(*model, batch, kTraining);
    std::vector<double> result = to_doubles(loss.value());
    backward(loss);
    for (const Parameter& parameter : model->parameters().all()) {
      const std::vector<double> grad = to_doubles(parameter.variable.grad());
      result.insert(result.end(), grad.begin(), grad.end());
    }
    results.push_back(result);
  }
  CHECK(results[0] == results[1]);
  CHECK(results[0] == results[2]);
}

TEST_CASE("token memory: float32 stays close to float64") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  CHECK(relative_error(
            to_doubles(
                new_model(memory_config(), 1, DType::kFloat64)->encode(batch, {}).states.value()),
            to_doubles(new_model(memory_config())->encode(batch, {}).states.value())) <
        tolerance::kFloat32Deep);
}

TEST_CASE("token memory: a stream's states are those of the whole history") {
  const NoGrad no_grad;
  const Threads one(1);
  const auto model = new_model(stream_config(), 1, DType::kFloat64);
  const std::int64_t length = on_cpu() ? 2000 : 150;
  const History history = random_ids(length, 1, 40, 5);
  const std::vector<double> whole =
      to_doubles(model->encode(batch_of({history}), {}).states.value());
  StreamStates states = model->streaming()->new_streams(1);
  std::vector<double> streamed;
  const auto read = [&](std::int64_t begin, std::int64_t end) {
    const History part(history.begin() + begin, history.begin() + end);
    const std::vector<double> values =
        to_doubles(model->streaming()->advance(batch_of({part}), states).value());
    streamed.insert(streamed.end(), values.begin(), values.end());
  };
  read(0, 1);
  read(1, 66);
  for (std::int64_t t = 66; t < length; ++t) {
    read(t, t + 1);
  }
  CHECK(relative_error(whole, streamed) < tolerance::kEqual);
}

TEST_CASE("token memory: does not enlarge a stream's state") {
  ModelConfig without = stream_config();
  without.retrieval.memory = EventMemory::kNone;
  const StreamStates states = new_model(stream_config())->streaming()->new_streams(2);
  const StreamStates plain = new_model(without)->streaming()->new_streams(2);
  REQUIRE(states.size() == plain.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    CHECK(states[i].shape() == plain[i].shape());
  }
}

}  // namespace
}  // namespace elastic::token_memory_test
