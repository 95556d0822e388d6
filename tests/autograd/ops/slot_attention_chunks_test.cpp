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

// One slot over items drawn at random: scores [items], values [items, Dh], all numbers of float32.
struct LongHistory {
  static constexpr int kItems = 40;
  static constexpr std::int64_t kHeadDim = 4;
  std::vector<double> scores = rounded(random_f64({kItems}, 1));
  std::vector<double> values = rounded(random_f64({kItems, kHeadDim}, 2));
  std::vector<std::ptrdiff_t> ids;
  double decay;

  LongHistory(std::int64_t length, double half_life)
      : decay(static_cast<float>(std::log(std::expm1(std::log(2.0) / half_life)))) {
    std::uint32_t draw = 1;
    while (static_cast<std::int64_t>(ids.size()) < length) {
      draw = draw * 1664525U + 1013904223U;
      ids.push_back(static_cast<std::ptrdiff_t>((draw >> 16U) % kItems));
    }
  }
  static std::vector<double> rounded(const Tensor& x) {
    std::vector<double> values = to_doubles(x);
    std::transform(values.begin(), values.end(), values.begin(), [](double value) {
      return static_cast<double>(static_cast<float>(value));
    });
    return values;
  }

  // The slot [Dh] after all events, by plain loops in float64.
  [[nodiscard]] std::vector<double> naive() const {
    double log_sum = -INFINITY;
    std::vector<double> slot(kHeadDim);
    for (const std::ptrdiff_t id : ids) {
      const double score = scores[static_cast<std::size_t>(id)];
      const double before = log_sum - std::log1p(std::exp(decay));
      const double larger = std::max(score, before);
      log_sum = larger + std::log1p(std::exp(std::min(score, before) - larger));
      const double gate = std::exp(score - log_sum);
      for (std::size_t j = 0; j < slot.size(); ++j) {
        slot[j] += gate * (values[static_cast<std::size_t>(id * kHeadDim) + j] - slot[j]);
      }
    }
    return slot;
  }

  // The same by the ops in float32, `part` events at a time. With one slot, the attention to it is
  // the slot itself. All events at once need no state.
  [[nodiscard]] std::vector<double> by_ops(std::int64_t part) const {
    const Variable rate(make_tensor({decay}, {1, 1}, DType::kFloat32));
    const auto length = static_cast<std::int64_t>(ids.size());
    Tensor log_sum;
    Tensor state;
    if (part < length) {
      log_sum = make_tensor({-INFINITY}, {1, 1, 1}, DType::kFloat64);
      state = zeros({1, 1, 1, kHeadDim}, DType::kFloat64, test_device());
    }
    std::vector<double> slot;
    for (std::int64_t begin = 0; begin < length; begin += part) {
      std::vector<double> part_scores;
      std::vector<double> part_values;
      for (std::int64_t t = begin; t < begin + part; ++t) {
        const std::ptrdiff_t id = ids[static_cast<std::size_t>(t)];
        part_scores.push_back(scores[static_cast<std::size_t>(id)]);
        const auto value = values.begin() + id * kHeadDim;
        part_values.insert(part_values.end(), value, value + kHeadDim);
      }
      const Segments events = segments_of({static_cast<std::int32_t>(part)});
      const Variable x(make_tensor(part_values, {part, kHeadDim}, DType::kFloat32));
      const Variable gates = ops::prefix_gates(
          Variable(make_tensor(part_scores, {part, 1, 1}, DType::kFloat32)), rate, events, log_sum);
      const Variable out = ops::slot_attention(x, x, x, gates, events, state);
      slot = to_doubles(out.value().slice(part - 1, part));
    }
    return slot;
  }
};

TEST_CASE("slots: a stream of 10^6 events does not add up roundings") {
  const NoGrad no_grad;
  const std::int64_t events = on_cpu() ? 1'000'000 : 10'000;
  for (const double half_life : {1e2, 1e4, 1e6}) {
    CAPTURE(half_life);
    const LongHistory history(events, half_life);
    // Outputs and gates are float32.
    CHECK(relative_error(history.naive(), history.by_ops(/*part=*/100)) < 1e-6);
  }
}

TEST_CASE("slots: float32 over whole histories, which adds up roundings") {
  const NoGrad no_grad;
  for (const auto& [events, bound] : {std::pair{1'000, 1e-4}, {10'000, 2e-4}, {1'000'000, 3e-3}}) {
    if (on_cpu() || events <= 10'000) {
      CAPTURE(events);
      const LongHistory history(events, /*half_life=*/1e6);
      CHECK(relative_error(history.naive(), history.by_ops(events)) < bound);
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
