// The options --block and --ffn.
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "autograd/ops/dropout.h"
#include "model/abilities.h"
#include "model/feed_forward.h"
#include "model/model_fixture.h"
#include "model/parameter_gradients.h"

namespace elastic::block_test {
namespace {

ModelConfig config_with(const std::string& model, BlockKind block, FfnKind ffn) {
  ModelConfig config = small_config(model);
  config.block = {block, ffn};
  return config;
}

std::vector<std::string> names_of(const Model& model) {
  std::vector<std::string> names;
  for (const Parameter& parameter : model.parameters().all()) {
    names.push_back(parameter.name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

TEST_CASE("block gated: adds a gate to each sublayer, and closed gates leave the input") {
  const NoGrad no_grad;
  const data::Batch batch = batch_of({{1, 2, 3, 4}, {9}});
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    ModelConfig config = config_with(name, BlockKind::kGated, FfnKind::kGelu);
    const auto gated = new_model(config);
    std::vector<std::string> names = names_of(*new_model(small_config(name)));
    const bool has_ffn =
        std::find(names.begin(), names.end(), "layers.0.ffn.up.weight") != names.end();
    std::vector<std::string> gates{"attention_gate."};
    if (has_ffn) {
      gates.emplace_back("ffn_gate.");
    }
    for (const std::string layer : {"layers.0.", "layers.1."}) {
      for (const std::string& gate : gates) {
        names.push_back(layer + gate + "weight");
        names.push_back(layer + gate + "bias");
        fill(gated->parameters().find(layer + gate + "bias").mutable_value(), -1e9);
      }
    }
    std::sort(names.begin(), names.end());
    CHECK(names_of(*gated) == names);
    // Without any layer's contribution, a state is LN_final(x) of the token itself.
    config.num_layers = 1;
    const auto shallow = new_model(config);
    for (const std::string& gate : gates) {
      fill(shallow->parameters().find("layers.0." + gate + "bias").mutable_value(), -1e9);
    }
    CHECK(same_numbers(gated->encode_last(batch, {}).states.value(),
                       shallow->encode_last(batch, {}).states.value()));
  }
}

TEST_CASE("block gated: open gates give the plain block") {
  const NoGrad no_grad;
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto plain = new_model(small_config(name), 1, DType::kFloat64);
    const auto gated =
        new_model(config_with(name, BlockKind::kGated, FfnKind::kGelu), 1, DType::kFloat64);
    for (const Parameter& parameter : gated->parameters().all()) {
      if (parameter.name.find("_gate.bias") != std::string::npos) {
        fill(parameter.variable.mutable_value(), 1e9);
      }
    }
    CHECK(relative_error(to_doubles(plain->encode_last(batch, {}).states.value()),
                         to_doubles(gated->encode_last(batch, {}).states.value())) < 1e-12);
  }
}

TEST_CASE("ffn swiglu: two thirds of the hidden size, three matrices, no biases") {
  const auto model = new_model(config_with("softmax", BlockKind::kPlain, FfnKind::kSwiglu));
  CHECK(model->parameters().find("layers.1.ffn.gate.weight").shape() == Shape{8, 8});
  CHECK(model->parameters().find("layers.1.ffn.up.weight").shape() == Shape{8, 8});
  CHECK(model->parameters().find("layers.1.ffn.down.weight").shape() == Shape{8, 8});
  for (const std::string& name : names_of(*model)) {
    CHECK(name.find("ffn.up.bias") == std::string::npos);
    CHECK(name.find("ffn.down.bias") == std::string::npos);
  }
  ModelConfig config = config_with("softmax", BlockKind::kPlain, FfnKind::kSwiglu);
  for (const auto& [ffn_dim, hidden] : {std::pair(1, 1), std::pair(2, 1), std::pair(256, 170)}) {
    config.ffn_dim = ffn_dim;
    CHECK(new_model(config)->parameters().find("layers.0.ffn.up.weight").shape() ==
          Shape{hidden, 8});
  }
}

// The definition by loops, for one token.
TEST_CASE("ffn swiglu: x + down(silu(gate z) up z), times the residual's gate") {
  const NoGrad no_grad;
  const ModelConfig config = config_with("softmax", BlockKind::kGated, FfnKind::kSwiglu);
  ParameterStore store(1, DType::kFloat64, test_device());
  const FeedForward layer(store, "layers.0", config);
  const auto values = [&](const std::string& name) {
    return to_doubles(store.find("layers.0." + name).value());
  };
  const Tensor x = random_tensor({1, 8}, 3, DType::kFloat64);
  const std::vector<double> in = to_doubles(x);
  std::vector<double> z(8);
  double mean = 0.0;
  double variance = 0.0;
  for (const double value : in) {
    mean += value / 8.0;
  }
  for (const double value : in) {
    variance += (value - mean) * (value - mean) / 8.0;
  }
  for (std::size_t j = 0; j < 8; ++j) {
    z[j] = (in[j] - mean) / std::sqrt(variance + 1e-5);
  }
  const auto product = [](const std::vector<double>& weight, const std::vector<double>& by) {
    std::vector<double> out(weight.size() / by.size());
    for (std::size_t i = 0; i < weight.size(); ++i) {
      out[i / by.size()] += weight[i] * by[i % by.size()];
    }
    return out;
  };
  const auto sigmoid = [](double value) { return 1.0 / (1.0 + std::exp(-value)); };
  std::vector<double> hidden = product(values("ffn.gate.weight"), z);
  const std::vector<double> up = product(values("ffn.up.weight"), z);
  for (std::size_t j = 0; j < hidden.size(); ++j) {
    hidden[j] *= sigmoid(hidden[j]) * up[j];
  }
  std::vector<double> want = product(values("ffn.down.weight"), hidden);
  const std::vector<double> gate = product(values("ffn_gate.weight"), in);
  for (std::size_t j = 0; j < 8; ++j) {
    want[j] = in[j] + sigmoid(gate[j]) * want[j];
  }
  CHECK(relative_error(want, to_doubles(layer.apply(Variable(x), {}).value())) < 1e-12);
}

TEST_CASE("block and ffn: gradients match finite differences") {
  // Longer than the window of 7: the query of an empty prefix is 0, where the choice of experts
  // jumps.
  const data::Batch batch = batch_of({random_ids(9, 1, 40, 1), random_ids(8, 1, 40, 2)});
  const std::vector<std::string> names =
      test_is_brief()
          ? std::vector<std::string>{"softmax"}
          : std::vector<std::string>{"softmax", "gru", "elastic-causal", "elastic-window"};
  for (const std::string& name : names) {
    for (const FfnKind ffn : {FfnKind::kGelu, FfnKind::kSwiglu}) {
      CAPTURE(name);
      const auto model = new_model(config_with(name, BlockKind::kGated, ffn), 1, DType::kFloat64);
      Tensor& table = model->item_table().mutable_value();
      const std::vector<double> values = to_doubles(table);
      std::vector<double> larger(values.size());
      std::transform(values.begin(), values.end(), larger.begin(), [](double v) { return 20 * v; });
      table = tensor_of(larger, table.shape());
      check_parameter_gradients(*model, [&] {
        const Pass pass = model->encode_last(batch, {});
        return ops::linear_cross_entropy(pass.states, pass.scored_items, int_tensor({3, 40}));
      });
    }
  }
}

TEST_CASE("block and ffn: every parameter receives a gradient") {
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = new_model(config_with(name, BlockKind::kGated, FfnKind::kSwiglu));
    backward(training_loss(*model, batch, {/*training=*/true, 1, 1}));
    for (const Parameter& parameter : model->parameters().trained()) {
      CAPTURE(parameter.name);
      const bool of_block = parameter.name.find("_gate.") != std::string::npos ||
                            parameter.name.find(".ffn.") != std::string::npos;
      if (of_block) {
        REQUIRE(parameter.variable.grad().defined());
        const std::vector<double> grad = to_doubles(parameter.variable.grad());
        CHECK(std::any_of(grad.begin(), grad.end(), [](double g) { return g != 0.0; }));
      }
    }
  }
}

TEST_CASE("block and ffn: encode_last and streams equal encode") {
  const NoGrad no_grad;
  const Threads one(1);
  const std::vector<History> histories = ragged_histories();
  const data::Batch batch = batch_of(histories);
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    ModelConfig config = config_with(name, BlockKind::kGated, FfnKind::kSwiglu);
    const auto model = new_model(config);
    const Tensor all =
        ops::gather_rows(model->encode(batch, {}).states, batch.segments.last_tokens()).value();
    const Tensor last = model->encode_last(batch, {}).states.value();
    CHECK(relative_error(to_doubles(all), to_doubles(last)) < tolerance::kEqualFloat32);
    if (model->streaming() == nullptr) {
      continue;
    }
    config.position = PositionEmbedding::kNone;
    const auto stream = new_model(config);
    StreamStates states = stream->streaming()->new_streams(1);
    Tensor state;
    for (const std::int32_t item : histories.front()) {
      state = stream->streaming()->advance(batch_of({{item}}), states).value();
    }
    CHECK(relative_error(
              to_doubles(stream->encode_last(batch_of({histories.front()}), {}).states.value()),
              to_doubles(state)) < 1e-4);
  }
}

}  // namespace
}  // namespace elastic::block_test
