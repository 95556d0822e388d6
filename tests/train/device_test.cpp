// Whole training steps on a device, compared with the CPU and with a second run.
#include <cmath>
#include <cstring>

#include "autograd/ops/linear_cross_entropy.h"
#include "autograd/ops/rows.h"
#include "base/error.h"
#include "data/batch.h"
#include "model/registry.h"
#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "tolerances.h"
#include "train/optimizer.h"

namespace elastic::train::device_test {
namespace {

const std::int64_t kSteps = test_is_brief() ? 3 : 20;
constexpr std::int64_t kItems = 50;

struct Trained {
  std::vector<double> losses;
  std::vector<std::vector<double>> parameters;
};

ModelConfig config_of(const std::string& model) {
  ModelConfig config = tiny_model_config(model);
  config.max_len = 80;
  config.num_items = kItems;
  return config;
}

// Histories and targets that differ from step to step, with lengths 1 and beyond the tile of 64.
Trained train(const std::string& name, Device device, DType dtype) {
  const auto model = make_model(config_of(name), 3, dtype, device);
  TrainConfig config = tiny_train_config();
  config.optimizer.clip_norm = 1.0;
  Optimizer optimizer(model->parameters(), config);
  Trained result;
  for (std::int64_t step = 1; step <= kSteps; ++step) {
    data::BatchBuilder builder;
    for (const std::int64_t length : {1 + step % 3, std::int64_t{70}, 5 + step}) {
      builder.add(random_ids(length, 1, kItems, static_cast<std::uint64_t>(100 * step + length)),
                  length);
    }
    const data::Batch batch = builder.build(device);
    const Tensor targets =
        Tensor::from(random_ids(3, 1, kItems, static_cast<std::uint64_t>(step)), {3}, device);
    const ForwardMode mode{/*training=*/true, 5, static_cast<std::uint32_t>(step)};
    const Pass pass = model->encode_last(batch, mode);
    // The loss leaves out the items of the histories.
    const auto first = [&](std::int64_t b) { return batch.segments.begin(b); };
    const auto count = [&](std::int64_t b) { return batch.segments.length(b); };
    const RowLists excluded{
        batch.ids,
        Tensor::from(std::vector<std::int32_t>{first(0), first(1), first(2)}, {3}, device),
        Tensor::from(std::vector<std::int32_t>{count(0), count(1), count(2)}, {3}, device)};
    const Variable loss =
        ops::linear_cross_entropy(pass.states, pass.scored_items, targets, excluded);
    backward(loss);
    result.losses.push_back(to_doubles(loss.value())[0]);
    optimizer.step(loss.value(), 1e-3);
  }
  optimizer.require_finite();
  for (const Parameter& parameter : model->parameters().all()) {
    result.parameters.push_back(to_doubles(parameter.variable.value()));
  }
  return result;
}

TEST_CASE("device: twenty training steps give the results of the CPU") {
  if (test_device() == Device::kCpu) {
    return;  // the CPU is the reference
  }
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const Trained want = train(name, Device::kCpu, DType::kFloat64);
    const Trained exact = train(name, test_device(), DType::kFloat64);
    CHECK(relative_error(want.losses, exact.losses) < tolerance::kEqualLayer);
    for (std::size_t i = 0; i < want.parameters.size(); ++i) {
      CAPTURE(i);
      CHECK(relative_error(want.parameters[i], exact.parameters[i]) < 1e-6);
    }
    // Adam divides by the gradient's size, which amplifies rounding of small ones: compare losses.
    const Trained single = train(name, test_device(), DType::kFloat32);
    CHECK(relative_error(want.losses, single.losses) <
          (test_precision() == Precision::kFp32 ? tolerance::kFloat32Deep : tolerance::kTf32));
  }
}

TEST_CASE("device: repeated steps give the same bits") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const Trained once = train(name, test_device(), DType::kFloat32);
    const Trained again = train(name, test_device(), DType::kFloat32);
    CHECK(once.losses == again.losses);
    CHECK(once.parameters == again.parameters);
  }
}

TEST_CASE("device: training steps in bfloat16 have nearly the losses of float32") {
  if (!on_cpu()) {
    return;
  }
  const auto losses = [](const std::string& name, Precision precision) {
    test_backend().set_precision(precision);
    return train(name, test_device(), DType::kFloat32).losses;
  };
  try {
    for (const std::string& name : model_names()) {
      CAPTURE(name);
      const std::vector<double> want = losses(name, Precision::kFp32);
      const std::vector<double> got = losses(name, Precision::kBf16);
      CHECK(relative_error(want, got) < tolerance::kBf16);
      CHECK(got != want);
      CHECK(losses(name, Precision::kBf16) == got);
    }
  } catch (const UsageError& error) {
    std::printf("skipped: %s\n", error.what());
  }
  test_backend().set_precision(test_precision());
}

TEST_CASE("device: running out of memory is an error with advice") {
  const auto allocate = [] {
    Tensor({std::int64_t{1} << 44}, DType::kFloat32, test_device());  // 64 TiB
  };
  CHECK_THROWS_AS(allocate(), OutOfMemoryError);
  const std::string message = message_of(allocate);
  CHECK(message.find("67108864 MiB asked for") != std::string::npos);
  CHECK(message.find("--batch-size") != std::string::npos);
  if (test_device() == Device::kCuda) {
    CHECK(message.find("MiB free on the GPU") != std::string::npos);
  }
  CHECK(random_tensor({8}, 1, DType::kFloat32).to_vector<float>().size() ==
        8);  // later allocations work
}

TEST_CASE("device: uploads of any size arrive, also more than fit in the buffer") {
  for (const std::int64_t count : {1, 1000, 3000000, 5000000}) {
    std::vector<std::int32_t> values(static_cast<std::size_t>(count));
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = static_cast<std::int32_t>(i * 7);
    }
    const Tensor first = Tensor::from(values, {count}, test_device());
    values[0] = 5;
    const Tensor second = Tensor::from(values, {count}, test_device());
    CHECK(second.to_vector<std::int32_t>() == values);
    values[0] = 0;
    CHECK(first.to_vector<std::int32_t>() == values);
  }
  test_backend().allocator().release_cache();
}

}  // namespace
}  // namespace elastic::train::device_test
