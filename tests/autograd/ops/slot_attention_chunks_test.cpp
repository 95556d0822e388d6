// Gated running means with sizes at the ends of tiles, groups of lanes and chunks of tokens.
#include "autograd/op_checks.h"
#include "autograd/ops/slot_attention.h"
#include "autograd/ops/slot_gates.h"

namespace elastic::slot_attention_chunks_test {
namespace {

struct Case {
  std::vector<std::int32_t> lengths;
  std::int64_t heads;
  std::int64_t head_dim;
  std::int64_t slots;
};

const std::vector<Case>& cases() {
  static const std::vector<Case> all{
      {{1}, 1, 1, 1},
      {{1, 1, 2}, 3, 2, 3},
      {{9, 0, 3}, 2, 3, 5},
      {{64, 65, 1}, 2, 5, 2},
      {{130, 0, 7, 193}, 1, 8, 3},
      {{63, 70}, 3, 4, 9},
      {{20}, 2, 32, 8},
      {{70}, 1, 33, 4},
      {{17, 3}, 1, 70, 2},
      {{5, 66}, 1, 40, 33},
      {{0, 0}, 2, 4, 3},
  };
  return all;
}

// Gates equal to 1 and near 0 and 1.
Tensor gates_of(const Case& c) {
  const Shape shape{segments_of(c.lengths).num_tokens(), c.heads, c.slots};
  std::vector<double> values = to_doubles(random_f64(shape, 4, 2.0));
  for (double& value : values) {
    value = value > 3.0 ? 1.0 : 1.0 / (1.0 + std::exp(-value));
  }
  return make_tensor(values, shape, DType::kFloat64);
}

std::vector<Tensor> inputs_of(const Case& c) {
  const Shape shape{segments_of(c.lengths).num_tokens(), c.heads * c.head_dim};
  return {random_f64(shape, 1), random_f64(shape, 2), random_f64(shape, 3), gates_of(c)};
}

TensorFunction attention(const Case& c, bool shared) {
  return [c, shared](const auto& in) {
    return ops::slot_attention(in[0], shared ? in[2] : in[1], in[2], in[3], segments_of(c.lengths));
  };
}

std::vector<double> naive(const Case& c, const std::vector<Tensor>& inputs, bool shared) {
  const Segments segments = segments_of(c.lengths);
  const std::vector<double> query = to_doubles(inputs[0]);
  const std::vector<double> key = to_doubles(inputs[shared ? 2 : 1]);
  const std::vector<double> value = to_doubles(inputs[2]);
  const std::vector<double> gates = to_doubles(inputs[3]);
  std::vector<double> out(query.size());
  const auto slots = static_cast<std::size_t>(c.slots);
  const auto dim = static_cast<std::size_t>(c.head_dim);
  const auto heads = static_cast<std::size_t>(c.heads);
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::size_t h = 0; h < heads; ++h) {
      std::vector<double> keys(slots * dim);
      std::vector<double> values(slots * dim);
      for (auto t = static_cast<std::size_t>(segments.begin(b));
           t < static_cast<std::size_t>(segments.end(b));
           ++t) {
        const std::size_t row = (t * heads + h) * dim;
        std::vector<double> weights(slots);
        double sum = 0.0;
        for (std::size_t a = 0; a < slots; ++a) {
          const double gate = gates[(t * heads + h) * slots + a];
          double score = 0.0;
          for (std::size_t j = 0; j < dim; ++j) {
            keys[a * dim + j] += gate * (key[row + j] - keys[a * dim + j]);
            values[a * dim + j] += gate * (value[row + j] - values[a * dim + j]);
            score += query[row + j] * keys[a * dim + j];
          }
          weights[a] = std::exp(score);
          sum += weights[a];
        }
        for (std::size_t a = 0; a < slots; ++a) {
          for (std::size_t j = 0; j < dim; ++j) {
            out[row + j] += weights[a] / sum * values[a * dim + j];
          }
        }
      }
    }
  }
  return out;
}

TEST_CASE("slot_attention: equals plain loops at the ends of tiles and chunks") {
  for (std::size_t i = 0; i < cases().size(); ++i) {
    for (const bool shared : {false, true}) {
      CAPTURE(i);
      CAPTURE(shared);
      const std::vector<Tensor> inputs = inputs_of(cases()[i]);
      const std::vector<double> got = to_doubles(
          attention(cases()[i], shared)(
              {Variable(inputs[0]), Variable(inputs[1]), Variable(inputs[2]), Variable(inputs[3])})
              .value());
      CHECK(relative_error(naive(cases()[i], inputs, shared), got) <= tolerance::kEqual);
    }
  }
}

TEST_CASE("slot_attention: gradient along random directions at the ends of tiles and chunks") {
  for (std::size_t i = 0; i < cases().size(); ++i) {
    for (const bool shared : {false, true}) {
      CAPTURE(i);
      CAPTURE(shared);
      check_directions(attention(cases()[i], shared), inputs_of(cases()[i]));
    }
  }
}

TEST_CASE("slot_attention: gradients of every number, in one chunk and in two") {
  for (const bool shared : {false, true}) {
    const Case small{{5, 1}, 2, 2, 3};
    check_function(attention(small, shared), inputs_of(small));
    const Case two_chunks{{66}, 1, 1, 2};
    check_function(attention(two_chunks, shared), inputs_of(two_chunks));
  }
}

TEST_CASE("slots: states carried from part to part give the results of the whole") {
  const NoGrad no_grad;
  const Case whole{{150, 40}, 2, 5, 3};
  const std::vector<Tensor> inputs = inputs_of(whole);
  const Tensor scores = random_f64({190, 2, 3}, 8, 2.0);
  const Variable decay(random_f64({2, 3}, 9));
  const auto part =
      [](const Tensor& x, std::int64_t first, std::int64_t second, std::int64_t count) {
        std::vector<double> values = to_doubles(x.slice(first, first + count));
        const std::vector<double> rest = to_doubles(x.slice(second, second + 10));
        values.insert(values.end(), rest.begin(), rest.end());
        std::vector<std::int64_t> extents{count + 10};
        for (int i = 1; i < x.shape().rank(); ++i) {
          extents.push_back(x.shape()[i]);
        }
        return Variable(make_tensor(values, Shape(extents), DType::kFloat64));
      };
  for (const bool shared : {false, true}) {
    const Variable all = attention(whole, shared)(
        {Variable(inputs[0]), Variable(inputs[1]), Variable(inputs[2]), Variable(inputs[3])});
    const Variable all_gates = ops::prefix_gates(Variable(scores), decay, segments_of({150, 40}));
    Tensor state = make_tensor(
        std::vector<double>(shared ? 60 : 120), {2, 2, shared ? 3 : 6, 5}, DType::kFloat64);
    Tensor log_sum = make_tensor(std::vector<double>(12, -INFINITY), {2, 2, 3}, DType::kFloat64);
    std::int64_t first = 0;
    for (std::int64_t step = 0; step < 4; ++step) {
      // Some tokens of the first sequence, and ten of the second.
      const std::int64_t count =
          std::vector<std::int64_t>{1, 70, 64, 15}[static_cast<std::size_t>(step)];
      const std::int64_t second = 150 + 10 * step;
      const Segments segments = segments_of({static_cast<std::int32_t>(count), 10});
      std::vector<Variable> in;
      for (const Tensor& input : inputs) {
        in.push_back(part(input, first, second, count));
      }
      const Variable out =
          ops::slot_attention(in[0], shared ? in[2] : in[1], in[2], in[3], segments, state);
      const Variable gates =
          ops::prefix_gates(part(scores, first, second, count), decay, segments, log_sum);
      CHECK(relative_error(to_doubles(part(all.value(), first, second, count).value()),
                           to_doubles(out.value())) <= tolerance::kEqual);
      CHECK(relative_error(to_doubles(part(all_gates.value(), first, second, count).value()),
                           to_doubles(gates.value())) <= tolerance::kEqual);
      first += count;
    }
  }
}

TEST_CASE("slot_attention: float32 stays close to float64 over chunks") {
  const Case c{{150, 3}, 2, 16, 8};
  for (const bool shared : {false, true}) {
    check_float32(attention(c, shared), inputs_of(c), tolerance::kFloat32Deep);
  }
}

}  // namespace
}  // namespace elastic::slot_attention_chunks_test
