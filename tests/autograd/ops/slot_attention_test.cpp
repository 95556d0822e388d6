#include "autograd/ops/slot_attention.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/elementwise.h"
#include "autograd/ops/slot_cases.h"
#include "autograd/ops/slot_gates.h"

namespace elastic::slot_attention_test {
namespace {

struct NaiveSlots {
  std::vector<double> out;
  std::vector<double> log_sum;
};

// The definition, one slot at a time.
NaiveSlots naive_slots(const SlotCase& c, const std::vector<Tensor>& in) {
  const std::vector<double> q = to_doubles(in[0]);
  const std::vector<double> k = to_doubles(in[1]);
  const std::vector<double> v = to_doubles(in[2]);
  const std::vector<double> gates = to_doubles(in[3]);
  const auto head_dim = static_cast<std::size_t>(c.dim / c.heads);
  const Segments segments = c.segments();
  std::vector<double> out(q.size(), 0.0);
  std::vector<double> log_sum(static_cast<std::size_t>(c.tokens() * c.heads));
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    for (std::int64_t h = 0; h < c.heads; ++h) {
      const auto slots = static_cast<std::size_t>(c.slots);
      std::vector<std::vector<double>> keys(slots, std::vector<double>(head_dim, 0.0));
      std::vector<std::vector<double>> values = keys;
      for (std::int64_t t = segments.begin(b); t < segments.end(b); ++t) {
        const auto row =
            static_cast<std::size_t>(t * c.dim) + static_cast<std::size_t>(h) * head_dim;
        std::vector<double> weights;
        double sum = 0.0;
        for (std::size_t a = 0; a < slots; ++a) {
          const double gate = gates[static_cast<std::size_t>((t * c.heads + h) * c.slots) + a];
          double score = 0.0;
          for (std::size_t e = 0; e < head_dim; ++e) {
            keys[a][e] = (1.0 - gate) * keys[a][e] + gate * k[row + e];
            values[a][e] = (1.0 - gate) * values[a][e] + gate * v[row + e];
            score += q[row + e] * keys[a][e];
          }
          weights.push_back(std::exp(score));
          sum += weights.back();
        }
        log_sum[static_cast<std::size_t>(t * c.heads + h)] = std::log(sum);
        for (std::size_t a = 0; a < slots; ++a) {
          for (std::size_t e = 0; e < head_dim; ++e) {
            out[row + e] += weights[a] / sum * values[a][e];
          }
        }
      }
    }
  }
  return {out, log_sum};
}

TensorFunction slots(const SlotCase& c) {
  return
      [c](const auto& in) { return ops::slot_attention(in[0], in[1], in[2], in[3], c.segments()); };
}

// With one tensor as keys and values.
TensorFunction shared_slots(const SlotCase& c) {
  return
      [c](const auto& in) { return ops::slot_attention(in[0], in[1], in[1], in[2], c.segments()); };
}

ops::SlotAttention with_sums(const SlotCase& c, const std::vector<Variable>& in) {
  return ops::slot_attention_with_sums(in[0], in[1], in[2], in[3], c.segments());
}

// A number that depends on outputs and denominators.
Variable sum_of_both(const ops::SlotAttention& result) {
  return ops::add(weighted_sum(result.out), weighted_sum(result.log_sum));
}

TensorFunction both_sums(const SlotCase& c) {
  return [c](const auto& in) { return sum_of_both(with_sums(c, in)); };
}

TensorFunction shared_sums(const SlotCase& c) {
  return [c](const auto& in) { return sum_of_both(with_sums(c, {in[0], in[1], in[1], in[2]})); };
}

// Gates between 0 and 1; those of every third slot are now and then 1, as a first token's are.
Tensor gates_of(const SlotCase& c) {
  std::vector<double> values = to_doubles(random_f64(c.gates(), 4));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = i % 21 == 0 ? 1.0 : logistic(values[i] - 1.0);
  }
  return tensor_of(values, c.gates());
}

std::vector<Tensor> slot_inputs(const SlotCase& c) {
  return {random_f64({c.tokens(), c.dim}, 1),
          random_f64({c.tokens(), c.dim}, 2),
          random_f64({c.tokens(), c.dim}, 3),
          gates_of(c)};
}

std::vector<Tensor> shared_inputs(const SlotCase& c) {
  std::vector<Tensor> inputs = slot_inputs(c);
  inputs.erase(inputs.begin() + 1);
  return inputs;
}

TEST_CASE("slot_attention: equals the definition") {
  for (const SlotCase& c : kSlotCases) {
    CAPTURE(c.lengths.front());
    std::vector<Tensor> in = slot_inputs(c);
    std::vector<Variable> variables(in.begin(), in.end());
    CHECK(relative_error(naive_slots(c, in).out, to_doubles(slots(c)(variables).value())) <
          tolerance::kEqual);
  }
}

TEST_CASE("slot_attention_with_sums: adds the denominators' logs, the result has the same bits") {
  for (const SlotCase& c : kSlotCases) {
    CAPTURE(c.lengths.front());
    std::vector<Tensor> in = slot_inputs(c);
    const std::vector<Variable> variables(in.begin(), in.end());
    const ops::SlotAttention result = with_sums(c, variables);
    CHECK(same_bits(result.out.value(), slots(c)(variables).value()));
    CHECK(relative_error(naive_slots(c, in).log_sum, to_doubles(result.log_sum.value())) <
          tolerance::kEqual);
  }
}

TEST_CASE("slot_attention_with_sums: gradients of both results, of one, and of chunks") {
  const SlotCase c{{1, 4, 0, 2}, 2, 3, 4};
  const auto sums = [c](const auto& in) { return with_sums(c, in).log_sum; };
  check_function(both_sums(c), slot_inputs(c));
  check_function(sums, slot_inputs(c));
  check_function(shared_sums(c), shared_inputs(c));
  const SlotCase chunks{{130, 3}, 2, 5, 6};
  check_directions(both_sums(chunks), slot_inputs(chunks));
  check_directions(shared_sums(chunks), shared_inputs(chunks));
  check_float32(both_sums(chunks), slot_inputs(chunks), tolerance::kFloat32Deep);
}

TEST_CASE("slot_attention: gradient matches finite differences") {
  const SlotCase c{{1, 4, 0, 2}, 2, 3, 4};
  check_function(slots(c), slot_inputs(c));
  check_function(shared_slots(c), shared_inputs(c));
}

TEST_CASE("slot_attention: one tensor as keys and values equals two of the same numbers") {
  for (const SlotCase& c : kSlotCases) {
    CAPTURE(c.lengths.front());
    const std::vector<Tensor> in = shared_inputs(c);
    const Differentiated shared = differentiate(shared_slots(c), in);
    const Differentiated apart = differentiate(slots(c), {in[0], in[1], in[1], in[2]});
    CHECK(relative_error(apart.value, shared.value) < tolerance::kEqual);
    std::vector<double> both = apart.grads[1];
    std::transform(both.begin(), both.end(), apart.grads[2].begin(), both.begin(), std::plus<>());
    CHECK(relative_error(apart.grads[0], shared.grads[0]) < tolerance::kEqual);
    CHECK(relative_error(both, shared.grads[1]) < tolerance::kEqual);
    CHECK(relative_error(apart.grads[3], shared.grads[2]) < tolerance::kEqual);
  }
}

TEST_CASE("slot_attention: float32 stays close to float64") {
  for (const SlotCase& c : kSlotCases) {
    check_float32(slots(c), slot_inputs(c), tolerance::kFloat32Deep);
    check_float32(shared_slots(c), shared_inputs(c), tolerance::kFloat32Deep);
  }
}

// Rows [begin, end) of each input whose first dimension counts tokens.
std::vector<Variable> tokens_of(const std::vector<Tensor>& in,
                                std::int64_t begin,
                                std::int64_t end) {
  std::vector<Variable> variables;
  for (const Tensor& tensor : in) {
    variables.emplace_back(clone(tensor.slice(begin, end)));
  }
  return variables;
}

TEST_CASE("slots: a stream cut anywhere gives the results of the whole") {
  const SlotCase c{{150}, 2, 3, 4};
  const std::vector<Tensor> in = shared_inputs(c);
  const std::vector<Tensor> scores{gate_inputs(c)[0]};
  const Variable decay(gate_inputs(c)[1]);
  const Variable whole_gates = ops::prefix_gates(Variable(scores[0]), decay, c.segments());
  const Variable whole = ops::slot_attention(
      Variable(in[0]), Variable(in[1]), Variable(in[1]), whole_gates, c.segments());
  Tensor log_sum = zeros({1, 2, 3}, DType::kFloat64, test_device());
  fill(log_sum, -INFINITY);
  const Tensor state = zeros({1, 2, 3, 2}, DType::kFloat64, test_device());
  std::vector<double> gates;
  std::vector<double> out;
  std::int64_t begin = 0;
  for (const std::int64_t end : {1, 2, 3, 67, 68, 150}) {
    const Segments part = segments_of({static_cast<std::int32_t>(end - begin)});
    const std::vector<Variable> tokens = tokens_of(in, begin, end);
    const Variable part_gates =
        ops::prefix_gates(tokens_of(scores, begin, end)[0], decay, part, log_sum);
    const Variable part_out =
        ops::slot_attention(tokens[0], tokens[1], tokens[1], part_gates, part, state);
    const std::vector<double> new_gates = to_doubles(part_gates.value());
    const std::vector<double> new_out = to_doubles(part_out.value());
    gates.insert(gates.end(), new_gates.begin(), new_gates.end());
    out.insert(out.end(), new_out.begin(), new_out.end());
    begin = end;
  }
  CHECK(relative_error(to_doubles(whole_gates.value()), gates) < tolerance::kEqual);
  CHECK(relative_error(to_doubles(whole.value()), out) < tolerance::kEqual);
}

TEST_CASE("slot_attention: shapes that do not fit are refused") {
  const Segments segments = segments_of({2});
  const Variable x(random_f64({2, 4}, 1));
  const Variable gates(random_f64({2, 2, 3}, 2));
  CHECK_THROWS_AS(ops::slot_attention(x, x, x, Variable(random_f64({2, 3, 3}, 2)), segments),
                  ShapeError);
  CHECK_THROWS_AS(ops::slot_attention(x, x, x, gates, segments_of({3})), ShapeError);
  CHECK_THROWS_AS(ops::slot_attention(x, x, x, gates, segments, random_f64({1, 2, 6, 2}, 3)),
                  ShapeError);
}

}  // namespace
}  // namespace elastic::slot_attention_test
