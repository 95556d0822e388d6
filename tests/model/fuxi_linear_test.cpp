// FuXi-Linear's channels in a model; tests/golden holds its numbers.
#include "model/model_fixture.h"
#include "model/parameter_gradients.h"

namespace elastic::fuxi_linear_test {
namespace {

ModelConfig fuxi_config(TimeFeatures features, PositionEmbedding position) {
  ModelConfig config = small_config("fuxi-linear");
  config.time_features = features;
  config.position = position;
  config.dropout = 0.0;
  return config;
}

// Events whose gaps grow from minutes to years.
data::Batch timed_batch(const std::vector<History>& histories) {
  data::BatchBuilder builder;
  for (const History& history : histories) {
    std::vector<std::int64_t> times;
    for (std::size_t i = 0; i < history.size(); ++i) {
      times.push_back(1'577'836'800 + static_cast<std::int64_t>(100 * i * i * i));
    }
    builder.add(history, 90, {times, {}, times.back() + 3600});
  }
  return builder.build(test_device());
}

bool has_parameter(const Model& model, const std::string& part) {
  const auto& all = model.parameters().all();
  return std::any_of(all.begin(), all.end(), [&](const Parameter& parameter) {
    return parameter.name.find(part) != std::string::npos;
  });
}

TEST_CASE("fuxi-linear: channels exist for times and for positions that the model reads") {
  for (const TimeFeatures features : {TimeFeatures::kNone, TimeFeatures::kAsked}) {
    for (const PositionEmbedding position : {PositionEmbedding::kAuto, PositionEmbedding::kNone}) {
      const auto model = new_model(fuxi_config(features, position));
      CHECK(has_parameter(*model, ".temporal.") == (features != TimeFeatures::kNone));
      CHECK(has_parameter(*model, ".positional.") == (position != PositionEmbedding::kNone));
      CHECK(has_parameter(*model, ".ffn.gate.weight"));
      CHECK_FALSE(has_parameter(*model, "gap_embedding"));
    }
  }
}

TEST_CASE("fuxi-linear: gradients of all parameters match finite differences") {
  const data::Batch batch = timed_batch({random_ids(9, 1, 40, 1), random_ids(3, 1, 40, 2)});
  for (const TimeFeatures features : {TimeFeatures::kPast, TimeFeatures::kAsked}) {
    const auto model =
        new_model(fuxi_config(features, PositionEmbedding::kForward), 1, DType::kFloat64);
    check_parameter_gradients(*model, [&] { return training_loss(*model, batch, {}); });
  }
}

}  // namespace
}  // namespace elastic::fuxi_linear_test
