#include "train/optimizer.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/error.h"
#include "temporary_folder.h"
#include "test_device.h"

using namespace elastic;
using namespace elastic::train;

namespace {

using Values = std::vector<double>;

constexpr double kNotANumber = std::numeric_limits<double>::quiet_NaN();

/// Two parameters in float64, with gradients set by hand.
struct Parameters {
  ParameterStore store{1, DType::kFloat64, test_device()};
  Variable weight = store.add("layer.weight", {2, 1}, Init::kOnes);
  Variable bias = store.add("layer.bias", {1}, Init::kZeros);

  void step(Optimizer& optimizer,
            const Values& grad_weight,
            const Values& grad_bias,
            double loss = 1.0) {
    weight.add_grad(Tensor::from(grad_weight, {2, 1}, test_device()));
    bias.add_grad(Tensor::from(grad_bias, {1}, test_device()));
    optimizer.step(Tensor::from<double>({loss}, {}, test_device()), /*learning_rate=*/0.1);
  }
  [[nodiscard]] Values values() const {
    Values result = weight.value().to_vector<double>();
    result.push_back(bias.value().to_vector<double>()[0]);
    return result;
  }
};

void check_close(const Values& a, const Values& b) {
  REQUIRE(a.size() == b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    CHECK(a[i] == doctest::Approx(b[i]).epsilon(1e-12));
  }
}

std::string divergence(const Optimizer& optimizer) {
  try {
    optimizer.require_finite();
  } catch (const NotANumberError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("optimizer: buffers do not change and have no moments") {
  Parameters parameters;
  const Variable buffer = parameters.store.add_buffer("layer.buffer", {3}, Init::kOnes);
  Optimizer optimizer(parameters.store, {});
  parameters.step(optimizer, {1.0, 2.0}, {3.0});
  CHECK(buffer.value().to_vector<double>() == Values(3, 1.0));
  CHECK(parameters.values() != Values{1.0, 1.0, 0.0});
  CHECK(optimizer.state().size() == 4);
  for (const NamedTensor& moment : optimizer.state()) {
    CHECK(moment.name.find("buffer") == std::string::npos);
  }
}

TEST_CASE("optimizer: two steps of Adam, computed by hand") {
  Parameters parameters;
  Optimizer optimizer(parameters.store, TrainConfig{});
  parameters.step(optimizer, {0.5, -2.0}, {0.0});
  // After one step m/(1-beta1) = g and sqrt(v/(1-beta2)) = |g|.
  check_close(parameters.values(),
              {1.0 - 0.1 * 0.5 / (0.5 + 1e-8), 1.0 + 0.1 * 2.0 / (2.0 + 1e-8), 0.0});

  const Values before = parameters.values();
  parameters.step(optimizer, {1.5, 0.0}, {1.0});
  const auto moved = [](double g1, double g2) {
    const double m = (0.9 * 0.1 * g1 + 0.1 * g2) / (1.0 - 0.9 * 0.9);
    const double v = (0.999 * 0.001 * g1 * g1 + 0.001 * g2 * g2) / (1.0 - 0.999 * 0.999);
    return 0.1 * m / (std::sqrt(v) + 1e-8);
  };
  check_close(
      parameters.values(),
      {before[0] - moved(0.5, 1.5), before[1] - moved(-2.0, 0.0), before[2] - moved(0.0, 1.0)});
  CHECK(optimizer.num_steps() == 2);
}

TEST_CASE("optimizer: adamw decays the weights separately from the gradient") {
  Parameters parameters;
  TrainConfig config;
  config.optimizer.rule = OptimizerRule::kAdamW;
  config.optimizer.weight_decay = 0.5;
  Optimizer optimizer(parameters.store, config);
  parameters.step(optimizer, {0.0, 2.0}, {0.0});
  check_close(parameters.values(), {0.95, 0.95 - 0.1 * 2.0 / (2.0 + 1e-8), 0.0});
}

TEST_CASE("optimizer: gradients with a joint norm above clip_norm are scaled together") {
  Parameters parameters;
  TrainConfig config;
  config.optimizer.clip_norm = 1.0;
  Optimizer optimizer(parameters.store, config);
  parameters.step(optimizer, {3.0, 0.0}, {4.0});
  const std::vector<NamedTensor> state = optimizer.state();
  CHECK(state[0].name == "adam.first.layer.weight");
  check_close(state[0].tensor.to_vector<double>(), {0.1 * 3.0 / 5.0, 0.0});
  CHECK(state[3].name == "adam.second.layer.bias");
  check_close(state[3].tensor.to_vector<double>(), {0.001 * 0.64});

  parameters.step(optimizer, {0.5, 0.0}, {0.0});
  check_close(state[0].tensor.to_vector<double>(), {0.9 * 0.06 + 0.1 * 0.5, 0.0});
}

TEST_CASE("optimizer: a missing gradient counts as zero") {
  Parameters parameters;
  Optimizer optimizer(parameters.store, TrainConfig{});
  parameters.weight.add_grad(Tensor::from<double>({1.0, 1.0}, {2, 1}, test_device()));
  optimizer.step(Tensor::from<double>({1.0}, {}, test_device()), 0.1);
  CHECK(parameters.values()[2] == 0.0);
  CHECK_FALSE(parameters.weight.grad().defined());
  CHECK_FALSE(parameters.bias.grad().defined());
  CHECK(divergence(optimizer).empty());
}

TEST_CASE(
    "optimizer: after a gradient that is not finite nothing changes, and step and name are "
    "told") {
  Parameters parameters;
  Optimizer optimizer(parameters.store, TrainConfig{});
  parameters.step(optimizer, {0.5, -2.0}, {1.0});
  const Values before = parameters.values();
  const Values moments = optimizer.state()[0].tensor.to_vector<double>();
  CHECK(divergence(optimizer).empty());
  parameters.step(optimizer, {0.5, 1.0}, {kNotANumber});
  parameters.step(optimizer, {kNotANumber, 1.0}, {1.0});
  parameters.step(optimizer, {0.5, 1.0}, {1.0});
  CHECK(parameters.values() == before);
  CHECK(optimizer.state()[0].tensor.to_vector<double>() == moments);
  CHECK(divergence(optimizer).find("the gradient of layer.bias is not finite at step 2;") !=
        std::string::npos);
}

TEST_CASE("optimizer: a loss that is not finite stops it too") {
  Parameters parameters;
  Optimizer optimizer(parameters.store, TrainConfig{});
  const Values before = parameters.values();
  parameters.step(optimizer, {0.5, 1.0}, {1.0}, std::numeric_limits<double>::infinity());
  CHECK(parameters.values() == before);
  CHECK(divergence(optimizer).find("the loss is not finite at step 1;") != std::string::npos);
}

TEST_CASE("optimizer: a loaded optimizer continues as if never saved") {
  const TemporaryFolder folder;
  Parameters one;
  Optimizer first(one.store, TrainConfig{});
  one.step(first, {0.5, -2.0}, {1.0});
  write_safetensors(folder.file("moments"), first.state(), {});

  Parameters other;
  Optimizer second(other.store, TrainConfig{});
  other.step(second, {0.5, -2.0}, {1.0});
  other.step(second, {9.0, 9.0}, {9.0});
  second.load(read_safetensors(folder.file("moments")), 1);
  copy(one.weight.value(), other.weight.mutable_value());
  copy(one.bias.value(), other.bias.mutable_value());
  one.step(first, {1.0, 1.0}, {1.0});
  other.step(second, {1.0, 1.0}, {1.0});
  CHECK(other.values() == one.values());
}

TEST_CASE("optimizer: moments of another shape are refused by name") {
  const TemporaryFolder folder;
  Parameters parameters;
  Optimizer optimizer(parameters.store, TrainConfig{});
  const std::string path = folder.file("moments");
  write_safetensors(path, {{"adam.first.layer.weight", Tensor::from<double>({1, 2}, {1, 2})}}, {});
  CHECK_THROWS_WITH_AS(
      optimizer.load(read_safetensors(path), 1),
      (path + ": tensor 'adam.first.layer.weight': expected float64 [2, 1], got float64 [1, 2]")
          .c_str(),
      CheckpointError);
  write_safetensors(path, {}, {});
  CHECK_THROWS_WITH_AS(optimizer.load(read_safetensors(path), 1),
                       (path + ": no tensor 'adam.first.layer.weight'").c_str(),
                       CheckpointError);
}

TEST_CASE(
    "optimizer: a gradient by rows updates only those rows, with the correction of all steps") {
  Parameters parameters;
  Optimizer optimizer(parameters.store, TrainConfig{});
  const Tensor rows = Tensor::from<std::int32_t>({1}, {1}, test_device());
  const auto by_rows = [&](double grad) {
    optimizer.step(Tensor::from<double>({1.0}, {}, test_device()),
                   0.1,
                   {parameters.weight, rows, Tensor::from<double>({grad}, {1, 1}, test_device())});
  };
  by_rows(-2.0);
  check_close(parameters.values(), {1.0, 1.0 + 0.1 * 2.0 / (2.0 + 1e-8), 0.0});
  CHECK_FALSE(parameters.weight.grad().defined());

  // The other row's first gradient is at step 2: new moments, with the bias correction of step 2.
  const Values before = parameters.values();
  const Tensor first_row = Tensor::from<std::int32_t>({0}, {1}, test_device());
  optimizer.step(
      Tensor::from<double>({1.0}, {}, test_device()),
      0.1,
      {parameters.weight, first_row, Tensor::from<double>({3.0}, {1, 1}, test_device())});
  const double mean = 0.1 * 3.0 / (1.0 - 0.9 * 0.9);
  const double variance = 0.001 * 9.0 / (1.0 - 0.999 * 0.999);
  check_close(parameters.values(),
              {before[0] - 0.1 * mean / (std::sqrt(variance) + 1e-8), before[1], before[2]});
}

TEST_CASE("optimizer: rows enter the clipped norm, and the guard names their parameter") {
  Parameters parameters;
  TrainConfig config;
  config.optimizer.clip_norm = 1.0;
  Optimizer optimizer(parameters.store, config);
  const Tensor rows = Tensor::from<std::int32_t>({1}, {1}, test_device());
  const auto step = [&](double grad_row, double grad_bias) {
    parameters.bias.add_grad(Tensor::from<double>({grad_bias}, {1}, test_device()));
    optimizer.step(
        Tensor::from<double>({1.0}, {}, test_device()),
        0.1,
        {parameters.weight, rows, Tensor::from<double>({grad_row}, {1, 1}, test_device())});
  };
  step(3.0, 4.0);
  check_close(optimizer.state()[0].tensor.to_vector<double>(), {0.0, 0.1 * 3.0 / 5.0});
  check_close(optimizer.state()[2].tensor.to_vector<double>(), {0.1 * 4.0 / 5.0});
  const Values before = parameters.values();
  step(kNotANumber, 1.0);
  CHECK(parameters.values() == before);
  CHECK(divergence(optimizer).find("the gradient of layer.weight is not finite at step 2;") !=
        std::string::npos);
}
