#include "tensor/kernels/adam.h"

#include "tensor/backend.h"
#include "tensor/kernels/rows.h"
#include "tensor/tensor_values.h"

namespace elastic {
namespace {

Tensor fresh_health() {
  return zeros({3}, DType::kFloat64, test_device());
}

// Two parameters with their moments.
struct Optimised {
  std::vector<Tensor> params;
  std::vector<Tensor> first;
  std::vector<Tensor> second;

  explicit Optimised(DType dtype)
      : params{make_tensor({1.0, -2.0, 0.5}, {3}, dtype), make_tensor({4.0}, {1, 1}, dtype)} {
    for (const Tensor& param : params) {
      first.push_back(zeros_like(param));
      second.push_back(zeros_like(param));
    }
  }
};

// Kingma and Ba 2015, algorithm 1, with decoupled decay, in double.
struct HandAdam {
  std::vector<double> param{1.0, -2.0, 0.5, 4.0};
  std::vector<double> first = std::vector<double>(4, 0.0);
  std::vector<double> second = std::vector<double>(4, 0.0);

  void step(std::vector<double> grad, const AdamOptions& options) {
    double squares = 0.0;
    for (const double g : grad) {
      squares += g * g;
    }
    if (options.clip_norm > 0.0 && std::sqrt(squares) > options.clip_norm) {
      for (double& g : grad) {
        g *= options.clip_norm / std::sqrt(squares);
      }
    }
    const auto t = static_cast<double>(options.step);
    for (std::size_t i = 0; i < 4; ++i) {
      first[i] = options.beta1 * first[i] + (1.0 - options.beta1) * grad[i];
      second[i] = options.beta2 * second[i] + (1.0 - options.beta2) * grad[i] * grad[i];
      const double mean = first[i] / (1.0 - std::pow(options.beta1, t));
      const double variance = second[i] / (1.0 - std::pow(options.beta2, t));
      param[i] -= options.learning_rate * options.weight_decay * param[i];
      param[i] -= options.learning_rate * mean / (std::sqrt(variance) + options.epsilon);
    }
  }
};

TEST_CASE("adam_step: three steps follow the hand computation, with clipping and decay") {
  // The first gradient is long and clipped, the second is short and not clipped.
  const std::vector<std::vector<double>> grads{
      {3.0, -1.0, 0.25, 8.0}, {0.1, 0.2, -0.3, 0.05}, {-1.0, 2.0, 0.0, -0.5}};
  for (const double clip : {0.0, 1.5}) {
    for (const double decay : {0.0, 0.1}) {
      for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
        CAPTURE(clip);
        CAPTURE(decay);
        Optimised state(dtype);
        HandAdam hand;
        Tensor health = fresh_health();
        for (std::size_t s = 0; s < grads.size(); ++s) {
          const AdamOptions options{0.01, 0.9, 0.98, 1e-6, decay, clip, static_cast<int>(s) + 1};
          const std::vector<Tensor> grad{
              make_tensor({grads[s][0], grads[s][1], grads[s][2]}, {3}, dtype),
              make_tensor({grads[s][3]}, {1, 1}, dtype)};
          run(kernels::CheckGradients{grad, make_tensor({1.0}, {}, dtype), options.step, health});
          run(kernels::AdamStep{.params = state.params,
                                .grads = grad,
                                .first_moments = state.first,
                                .second_moments = state.second,
                                .options = options,
                                .health = health});
          hand.step(grads[s], options);
        }
        std::vector<double> got = to_doubles(state.params[0]);
        got.push_back(to_doubles(state.params[1])[0]);
        CHECK(relative_error(hand.param, got) < (dtype == DType::kFloat32 ? 1e-6 : 1e-13));
      }
    }
  }
}

TEST_CASE("adam_step: a first step moves every element by about the learning rate") {
  Optimised state(DType::kFloat64);
  Tensor health = fresh_health();
  const std::vector<Tensor> grad{make_tensor({1e-3, -50.0, 2.0}, {3}, DType::kFloat64),
                                 make_tensor({-1.0}, {1, 1}, DType::kFloat64)};
  AdamOptions options;
  options.learning_rate = 0.01;
  run(kernels::AdamStep{.params = state.params,
                        .grads = grad,
                        .first_moments = state.first,
                        .second_moments = state.second,
                        .options = options,
                        .health = health});
  CHECK(relative_error({0.99, -1.99, 0.49}, to_doubles(state.params[0])) < 1e-6);
  CHECK(to_doubles(state.params[1])[0] == doctest::Approx(4.01));
}

TEST_CASE("adam_step: tensors longer than a slice are updated to the end") {
  const std::int64_t size = (1 << 15) * 2 + 17;
  const Tensor param = zeros({size}, DType::kFloat32, test_device());
  const Tensor first = zeros_like(param);
  const Tensor second = zeros_like(param);
  Tensor grad({size}, DType::kFloat32, test_device());
  fill(grad, 2.0);
  run(kernels::AdamStep{.params = {param},
                        .grads = {grad},
                        .first_moments = {first},
                        .second_moments = {second},
                        .options = AdamOptions{},
                        .health = fresh_health()});
  const std::vector<double> values = to_doubles(param);
  CHECK(relative_error(std::vector<double>(values.size(), -1e-3), values) < 1e-5);
}

TEST_CASE("check_gradients: the norm is over all gradients") {
  Tensor health = fresh_health();
  run(kernels::CheckGradients{{make_tensor({3.0, 0.0}, {2}, DType::kFloat32),
                               make_tensor({4.0, -12.0}, {1, 2}, DType::kFloat32)},
                              make_tensor({0.5}, {}, DType::kFloat32),
                              1,
                              health});
  CHECK(to_doubles(health) == std::vector<double>{13.0, 0.0, 0.0});
}

TEST_CASE("check_gradients: a value that is not finite names its parameter and step") {
  for (const double bad : {static_cast<double>(NAN), static_cast<double>(INFINITY)}) {
    Tensor health = fresh_health();
    const Tensor good = make_tensor({1.0}, {1}, DType::kFloat32);
    run(kernels::CheckGradients{{good,
                                 make_tensor({0.0, bad}, {2}, DType::kFloat32),
                                 make_tensor({bad}, {1}, DType::kFloat32)},
                                make_tensor({0.5}, {}, DType::kFloat32),
                                7,
                                health});
    CHECK_FALSE(std::isfinite(to_doubles(health)[0]));
    CHECK(to_doubles(health)[1] == 7.0);
    CHECK(to_doubles(health)[2] == 1.0);
  }
}

TEST_CASE("check_gradients: a bad loss with good gradients names no parameter") {
  Tensor health = fresh_health();
  run(kernels::CheckGradients{{make_tensor({1.0}, {1}, DType::kFloat64)},
                              make_tensor({NAN}, {}, DType::kFloat64),
                              3,
                              health});
  CHECK(to_doubles(health) == std::vector<double>{1.0, 3.0, -1.0});
}

TEST_CASE("check_gradients: later steps do not overwrite the first bad one") {
  Tensor health = fresh_health();
  const Tensor loss = make_tensor({1.0}, {}, DType::kFloat32);
  const Tensor good = make_tensor({1.0}, {1}, DType::kFloat32);
  const Tensor bad = make_tensor({NAN}, {1}, DType::kFloat32);
  run(kernels::CheckGradients{{good, bad}, loss, 4, health});
  run(kernels::CheckGradients{{bad, good}, loss, 5, health});
  CHECK(to_doubles(health)[1] == 4.0);
  CHECK(to_doubles(health)[2] == 1.0);
  run(kernels::CheckGradients{{good, good}, loss, 6, health});
  CHECK(to_doubles(health)[1] == 4.0);
  CHECK(to_doubles(health)[0] == doctest::Approx(std::sqrt(2.0)));
}

TEST_CASE("adam_step: changes nothing after a bad step") {
  Optimised state(DType::kFloat32);
  const Optimised before(DType::kFloat32);
  Tensor health = fresh_health();
  const Tensor loss = make_tensor({1.0}, {}, DType::kFloat32);
  const std::vector<Tensor> bad{make_tensor({NAN, 1.0, 1.0}, {3}, DType::kFloat32),
                                make_tensor({1.0}, {1, 1}, DType::kFloat32)};
  const std::vector<Tensor> good{make_tensor({1.0, 1.0, 1.0}, {3}, DType::kFloat32),
                                 make_tensor({1.0}, {1, 1}, DType::kFloat32)};
  run(kernels::CheckGradients{bad, loss, 1, health});
  run(kernels::AdamStep{.params = state.params,
                        .grads = bad,
                        .first_moments = state.first,
                        .second_moments = state.second,
                        .options = AdamOptions{},
                        .health = health});
  run(kernels::CheckGradients{good, loss, 2, health});
  run(kernels::AdamStep{.params = state.params,
                        .grads = good,
                        .first_moments = state.first,
                        .second_moments = state.second,
                        .options = AdamOptions{},
                        .health = health});
  for (std::size_t i = 0; i < 2; ++i) {
    CHECK(same_bits(state.params[i], before.params[i]));
    CHECK(same_bits(state.first[i], before.first[i]));
    CHECK(same_bits(state.second[i], before.second[i]));
  }
}

TEST_CASE("adam_step_rows: updates the given rows like adam_step, and no others") {
  constexpr std::int64_t kRows = 150;  // more than a tile
  constexpr std::int64_t kDim = 3;
  std::vector<std::int32_t> named;
  for (std::int32_t row = 0; row < kRows; row += 1 + row % 2) {
    named.push_back(row);
  }
  const auto count = static_cast<std::int64_t>(named.size());
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    CAPTURE(dtype);
    const Tensor grad = random_tensor({count, kDim}, 1, dtype);
    Tensor whole_grad = zeros({kRows, kDim}, dtype, test_device());
    run(kernels::ScatterAddRows{grad, int_tensor(named), whole_grad});
    const std::vector<Tensor> start{
        random_tensor({kRows, kDim}, 2, dtype),
        random_tensor({kRows, kDim}, 3, dtype),
        make_tensor(std::vector<double>(kRows * kDim, 0.5), {kRows, kDim}, dtype)};
    const auto copies = [&] {
      return std::vector<Tensor>{clone(start[0]), clone(start[1]), clone(start[2])};
    };
    const std::vector<Tensor> all = copies();
    const std::vector<Tensor> some = copies();
    AdamOptions options;
    options.step = 7;
    options.weight_decay = 0.1;
    options.clip_norm = 2.0;
    Tensor health = fresh_health();
    run(kernels::CheckGradients{{grad}, make_tensor({1.0}, {}, dtype), 7, health});
    run(kernels::AdamStep{.params = {all[0]},
                          .grads = {whole_grad},
                          .first_moments = {all[1]},
                          .second_moments = {all[2]},
                          .options = options,
                          .health = health});
    run(kernels::AdamStepRows{.param = some[0],
                              .rows = int_tensor(named),
                              .grad = grad,
                              .first_moment = some[1],
                              .second_moment = some[2],
                              .options = options,
                              .health = health});
    for (std::size_t i = 0; i < some.size(); ++i) {
      for (std::int32_t row = 0; row < kRows; ++row) {
        const bool is_named = std::find(named.begin(), named.end(), row) != named.end();
        CHECK(same_bits(some[i].slice(row, row + 1),
                        (is_named ? all : start)[i].slice(row, row + 1)));
      }
    }
  }
}

TEST_CASE("adam_step_rows: changes nothing after a bad step") {
  const Tensor param = random_tensor({4, 2}, 1, DType::kFloat32);
  const Tensor before = clone(param);
  const Tensor moment = zeros_like(param);
  Tensor health = fresh_health();
  const Tensor grad = make_tensor({NAN, 1.0}, {1, 2}, DType::kFloat32);
  run(kernels::CheckGradients{{grad}, make_tensor({1.0}, {}, DType::kFloat32), 1, health});
  run(kernels::AdamStepRows{.param = param,
                            .rows = int_tensor({2}),
                            .grad = grad,
                            .first_moment = moment,
                            .second_moment = clone(moment),
                            .options = AdamOptions{},
                            .health = health});
  CHECK(same_bits(param, before));
}

}  // namespace
}  // namespace elastic
