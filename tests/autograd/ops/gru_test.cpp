#include "autograd/ops/gru.h"

#include "autograd/op_checks.h"

namespace elastic::gru_test {
namespace {

using Lengths = std::vector<std::int32_t>;

TensorFunction gru(const Lengths& lengths) {
  return [lengths](const auto& in) { return ops::gru(in[0], in[1], in[2], segments_of(lengths)); };
}

std::vector<Tensor> inputs_of(const Lengths& lengths, std::int64_t dim, double scale = 0.5) {
  return {random_f64({segments_of(lengths).num_tokens(), 3 * dim}, 1),
          random_f64({3 * dim, dim}, 2, scale),
          random_f64({3 * dim}, 3)};
}

double sigmoid(double x) {
  return 1.0 / (1.0 + std::exp(-x));
}

// The recurrence and the gradients of its weighted sum, one token and one unit at a time.
class NaiveGru {
 public:
  NaiveGru(const Segments& segments, std::int64_t dim, const std::vector<Tensor>& inputs)
      : d_(static_cast<std::size_t>(dim)),
        x_(to_doubles(inputs[0])),
        w_(to_doubles(inputs[1])),
        b_(to_doubles(inputs[2])),
        g_(to_doubles(random_f64({segments.num_tokens(), dim}, 7))),
        gates_(g_.size() * 4),
        result_{std::vector<double>(g_.size()),
                {std::vector<double>(x_.size()),
                 std::vector<double>(w_.size()),
                 std::vector<double>(b_.size())}} {
    for (std::int64_t s = 0; s < segments.size(); ++s) {
      first_ = static_cast<std::size_t>(segments.begin(s));
      forward(static_cast<std::size_t>(segments.end(s)));
      backward(static_cast<std::size_t>(segments.end(s)));
    }
  }
  [[nodiscard]] const Differentiated& result() const { return result_; }

 private:
  // Unit j of the state before token t of the current sequence.
  [[nodiscard]] double before(std::size_t t, std::size_t j) const {
    return t > first_ ? result_.value[(t - 1) * d_ + j] : 0.0;
  }

  void forward(std::size_t last) {
    for (std::size_t t = first_; t < last; ++t) {
      for (std::size_t j = 0; j < d_; ++j) {
        double sum[3];
        for (std::size_t gate = 0; gate < 3; ++gate) {
          sum[gate] = b_[gate * d_ + j];
          for (std::size_t i = 0; i < d_; ++i) {
            sum[gate] += w_[(gate * d_ + j) * d_ + i] * before(t, i);
          }
        }
        double* kept = &gates_[(t * d_ + j) * 4];
        kept[0] = sigmoid(x_[t * 3 * d_ + j] + sum[0]);
        kept[1] = sigmoid(x_[(t * 3 + 1) * d_ + j] + sum[1]);
        kept[2] = std::tanh(x_[(t * 3 + 2) * d_ + j] + kept[0] * sum[2]);
        kept[3] = sum[2];
        result_.value[t * d_ + j] = (1.0 - kept[1]) * kept[2] + kept[1] * before(t, j);
      }
    }
  }

  void backward(std::size_t last) {
    std::vector<double> grad(d_);  // dL/dh_t from the tokens after t
    for (std::size_t t = last; t-- > first_;) {
      std::vector<double> next(d_);
      for (std::size_t j = 0; j < d_; ++j) {
        const double* kept = &gates_[(t * d_ + j) * 4];
        const double dh = grad[j] + g_[t * d_ + j];
        const double dn = dh * (1.0 - kept[1]) * (1.0 - kept[2] * kept[2]);
        const double dz = dh * (before(t, j) - kept[2]) * kept[1] * (1.0 - kept[1]);
        const double dr = dn * kept[3] * kept[0] * (1.0 - kept[0]);
        const double inputs_grad[3] = {dr, dz, dn};
        const double sums_grad[3] = {dr, dz, dn * kept[0]};
        next[j] += dh * kept[1];
        for (std::size_t gate = 0; gate < 3; ++gate) {
          result_.grads[0][(t * 3 + gate) * d_ + j] = inputs_grad[gate];
          result_.grads[2][gate * d_ + j] += sums_grad[gate];
          for (std::size_t i = 0; i < d_; ++i) {
            result_.grads[1][(gate * d_ + j) * d_ + i] += sums_grad[gate] * before(t, i);
            next[i] += sums_grad[gate] * w_[(gate * d_ + j) * d_ + i];
          }
        }
      }
      grad = next;
    }
  }

  std::size_t d_;
  std::vector<double> x_, w_, b_, g_;
  std::vector<double> gates_;  ///< [T, D, 4]: r, z, n and the state's part of n
  Differentiated result_;
  std::size_t first_ = 0;  ///< token of the current sequence
};

Differentiated naive(const Lengths& lengths, std::int64_t dim, const std::vector<Tensor>& inputs) {
  return NaiveGru(segments_of(lengths), dim, inputs).result();
}

TEST_CASE("gru: values by hand") {
  // One unit, input and state weights chosen so that the gates are simple: r = z = 1/2 at first.
  const Variable input = variable_of({0, 0, 1, 0, 0, 0}, {2, 3});
  const Variable weight = variable_of({0, 0, 2}, {3, 1});
  const Variable bias = variable_of({0, 0, 0}, {3});
  const std::vector<double> h = to_doubles(ops::gru(input, weight, bias, segments_of({2})).value());
  CHECK(h[0] == doctest::Approx(0.5 * std::tanh(1.0)));
  CHECK(h[1] == doctest::Approx(0.5 * std::tanh(h[0]) + 0.5 * h[0]));
  // A new segment starts from zero.
  const std::vector<double> apart =
      to_doubles(ops::gru(input, weight, bias, segments_of({1, 1})).value());
  CHECK(apart[0] == h[0]);
  CHECK(apart[1] == 0.0);
}

TEST_CASE("gru: equals plain loops, also past the tiles") {
  struct Case {
    Lengths lengths;
    std::int64_t dim;
  };
  Lengths many;
  for (std::int32_t i = 0; i < 130; ++i) {
    many.push_back(i * 7 % 11);
  }
  const std::vector<Case> cases{
      {{1}, 1},
      {{1, 1, 1}, 4},
      {{3, 0, 5, 1}, 3},
      {{0, 0}, 2},
      {{70, 1, 2, 130}, 5},
      {{2, 9}, 8},
      {{4, 0, 33}, 17},
      {{3, 2, 2}, 40},
      {{3, 1}, 131},
      {many, 7},
  };
  for (std::size_t i = 0; i < cases.size(); ++i) {
    CAPTURE(i);
    const std::vector<Tensor> inputs = inputs_of(cases[i].lengths, cases[i].dim, 0.3);
    check_close(naive(cases[i].lengths, cases[i].dim, inputs),
                differentiate(gru(cases[i].lengths), inputs),
                tolerance::kEqualDeep);
  }
}

TEST_CASE("gru: gradient matches finite differences") {
  check_function(gru({1}), inputs_of({1}, 2));
  check_function(gru({4, 0, 1, 3}), inputs_of({4, 0, 1, 3}, 3));
  check_function(gru({2, 6}), inputs_of({2, 6}, 5));
}

TEST_CASE("gru: saturated gates stay finite") {
  const Variable input = variable_of({1e3, -1e3, 1e3, -1e3, 1e3, -1e3, -1e3, -1e3, -1e3}, {3, 3});
  const Variable weight = variable_of({0, 0, 1}, {3, 1});
  const Variable bias = variable_of({0, 0, 0}, {3});
  const Variable out = ops::gru(input, weight, bias, segments_of({3}));
  // Update gate 0: the new gate's value; 1: the previous state.
  CHECK(to_doubles(out.value()) == std::vector<double>{1, 1, -1});
}

TEST_CASE("gru: a segment has the same bits alone and among others") {
  if (!on_cpu()) {
    return;
  }
  const Lengths lengths{70, 3, 1, 130, 70};
  for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
    const std::int64_t dim = 9;
    const Tensor input = random_tensor({274, 3 * dim}, 1, dtype);
    const std::vector<Variable> weights{Variable(random_tensor({3 * dim, dim}, 2, dtype)),
                                        Variable(random_tensor({3 * dim}, 3, dtype))};
    const NoGrad no_grad;
    const Variable all = gru(lengths)({Variable(input), weights[0], weights[1]});
    std::int64_t begin = 0;
    for (const std::int32_t length : lengths) {
      const Variable part(input.slice(begin, begin + length));
      CHECK(same_bits(gru({length})({part, weights[0], weights[1]}).value(),
                      all.value().slice(begin, begin + length)));
      begin += length;
    }
  }
}

// Few sequences of many units: the threads share the units of each step.
TEST_CASE("gru: the same bits at any number of threads") {
  if (!on_cpu()) {
    return;
  }
  struct Case {
    Lengths lengths;
    std::int64_t dim;
  };
  for (const Case& c : {Case{{60}, 213},
                        Case{{40, 0, 17}, 256},
                        Case{Lengths(150, 13), 48},
                        Case{{300, 2, 5, 250, 7}, 32}}) {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      std::vector<Tensor> inputs;
      for (const Tensor& input : inputs_of(c.lengths, c.dim, 0.1)) {
        inputs.push_back(make_tensor(to_doubles(input), input.shape(), dtype));
      }
      std::vector<Differentiated> results;
      for (const int count : {1, 2, 3, 5}) {
        const Threads threads(count);
        results.push_back(differentiate(gru(c.lengths), inputs));
      }
      for (const Differentiated& result : results) {
        CHECK(result.value == results[0].value);
        CHECK(result.grads == results[0].grads);
      }
    }
  }
}

TEST_CASE("gru: float32 stays close to float64") {
  check_float32(gru({70, 130, 1}), inputs_of({70, 130, 1}, 16, 0.2), tolerance::kFloat32Deep);
  check_float32(gru({3, 9}), inputs_of({3, 9}, 67, 0.1), tolerance::kFloat32Deep);
}

TEST_CASE("gru: refuses shapes and segments that do not fit") {
  const auto call = [](const Shape& input, const Shape& weight, const Shape& bias) {
    return message_of([&] {
      ops::gru(Variable(random_f64(input, 1)),
               Variable(random_f64(weight, 1)),
               Variable(random_f64(bias, 1)),
               segments_of({2, 1}));
    });
  };
  CHECK(call({3, 6}, {6, 3}, {6}) ==
        "gru: expected weight [3 D, D] and bias [3 D], got [6, 3] and [6]");
  CHECK(call({3, 6}, {6, 2}, {2}) ==
        "gru: expected weight [3 D, D] and bias [3 D], got [6, 2] and [2]");
  CHECK(call({3, 2}, {6, 2}, {6}) == "gru: expected input [3, 6], got [3, 2]");
  CHECK(call({4, 6}, {6, 2}, {6}) == "gru: expected input [3, 6], got [4, 6]");
}

}  // namespace
}  // namespace elastic::gru_test
