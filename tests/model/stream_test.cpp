// Reading histories event by event.
#include <cmath>

#include "model/abilities.h"
#include "model/model_fixture.h"

namespace elastic {
namespace {

std::unique_ptr<Model> streaming_model(const std::string& name, DType dtype = DType::kFloat32) {
  ModelConfig config = small_config(name);
  config.position = PositionEmbedding::kNone;
  config.max_len = 10'000;
  return new_model(config, /*seed=*/1, dtype);
}

std::vector<std::string> streaming_models() {
  std::vector<std::string> names;
  for (const std::string& name : model_names()) {
    if (streaming_model(name)->streaming() != nullptr) {
      names.push_back(name);
    }
  }
  return names;
}

TEST_CASE(
    "streams: supported by elastic-causal, fuxi-linear and gsa without positions, and no others") {
  const std::vector<std::string> names = streaming_models();
  CHECK(names == std::vector<std::string>{"elastic-causal", "fuxi-linear", "gsa"});
  const auto with_positions = new_model(small_config("elastic-causal"));
  CHECK(message_of([&] { static_cast<void>(with_positions->streaming()->new_streams(1)); }) ==
        "model elastic-causal: a stream has no end to count positions from; expected a model "
        "trained with --position none, got forward");
}

TEST_CASE("streams: after 10,000 single events the states are those of the whole history") {
  const NoGrad no_grad;
  const Threads one(1);
  const std::int64_t length = on_cpu() ? 10'000 : 300;
  const History history = random_ids(length, 1, 40, 5);
  for (const std::string& name : streaming_models()) {
    CAPTURE(name);
    const auto model = streaming_model(name);
    const Tensor whole = model->encode(batch_of({history}), {}).states.value();
    StreamStates states = model->streaming()->new_streams(1);
    double worst = 0.0;
    for (std::int64_t t = 0; t < length; ++t) {
      const Tensor state = model->streaming()
                               ->advance(batch_of({{history[static_cast<std::size_t>(t)]}}), states)
                               .value();
      if (t % 100 == 99 || t < 3) {
        worst =
            std::max(worst, relative_error(to_doubles(whole.slice(t, t + 1)), to_doubles(state)));
      }
    }
    CHECK(worst < tolerance::kEqualFloat32);
  }
}

TEST_CASE("streams: users advance by any number of events, side by side or alone") {
  const NoGrad no_grad;
  const Threads one(1);
  const History first = random_ids(90, 1, 40, 6);
  const History second = random_ids(70, 1, 40, 7);
  for (const std::string& name : streaming_models()) {
    CAPTURE(name);
    const auto model = streaming_model(name, DType::kFloat64);
    StreamStates states = model->streaming()->new_streams(2);
    std::vector<double> of_first;
    std::vector<double> of_second;
    const auto events = [](const History& history, std::int64_t begin, std::int64_t end) {
      return History(history.begin() + begin, history.begin() + end);
    };
    std::int64_t a = 0;
    std::int64_t b = 0;
    for (const auto& [to_a, to_b] : {std::pair{1, 65}, {66, 66}, {90, 70}}) {
      const data::Batch batch = batch_of({events(first, a, to_a), events(second, b, to_b)});
      const std::vector<double> got =
          to_doubles(model->streaming()->advance(batch, states).value());
      const auto middle = got.begin() + (to_a - a) * 8;
      of_first.insert(of_first.end(), got.begin(), middle);
      of_second.insert(of_second.end(), middle, got.end());
      a = to_a;
      b = to_b;
    }
    CHECK(relative_error(to_doubles(model->encode(batch_of({first}), {}).states.value()),
                         of_first) < tolerance::kEqual);
    CHECK(relative_error(to_doubles(model->encode(batch_of({second}), {}).states.value()),
                         of_second) < tolerance::kEqual);
  }
}

TEST_CASE("streams: a state's size does not depend on the history") {
  for (const std::string& name : streaming_models()) {
    const auto model = streaming_model(name);
    const StreamStates states = model->streaming()->new_streams(3);
    std::int64_t elements = 0;
    for (const Tensor& tensor : states) {
      CHECK(tensor.shape()[0] == 3);
      elements += tensor.numel();
    }
    const ModelConfig& c = model->config();
    CHECK(elements <= 3 * c.num_layers * c.num_experts * (2 * c.dim + c.num_heads));
  }
}

}  // namespace
}  // namespace elastic
