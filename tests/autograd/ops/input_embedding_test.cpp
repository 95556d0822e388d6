#include "autograd/ops/input_embedding.h"

#include "autograd/op_checks.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/rows.h"

namespace elastic::input_embedding_test {
namespace {

constexpr Dropout kDropout{0.3, 9, 4, 0};

struct Tokens {
  Tensor ids;
  Tensor positions;
};

Tokens tokens_of(std::int64_t count, std::int32_t items, std::int32_t places) {
  return {int_tensor(random_ids(count, 1, items, 1)),
          int_tensor(random_ids(count, 0, places - 1, 2))};
}

std::vector<Tensor> inputs_of(std::int64_t items, std::int64_t places, std::int64_t dim) {
  return {random_f64({items + 1, dim}, 1),
          random_f64({places, dim}, 2),
          random_f64({dim}, 3),
          random_f64({dim}, 4)};
}

TensorFunction fused(const Tokens& tokens, const Dropout& dropout) {
  return [=](const auto& in) {
    return ops::input_embedding(
        in[0], in[1], tokens.ids, tokens.positions, {in[2], in[3]}, dropout);
  };
}

TEST_CASE("input_embedding: equals gathers, sum, layer norm and dropout") {
  for (const Dropout& dropout : {Dropout{}, kDropout}) {
    for (const auto& [count, items, places, dim] : {std::array{1, 1, 1, 1},
                                                    std::array{9, 4, 3, 5},
                                                    std::array{130, 3, 50, 7},
                                                    std::array{64 * 33 + 5, 100, 70, 3}}) {
      CAPTURE(count);
      const Tokens tokens = tokens_of(count, items, places);
      check_equal(
          [&](const auto& in) {
            const Variable x = ops::add(ops::gather_rows(in[0], tokens.ids),
                                        ops::gather_rows(in[1], tokens.positions));
            return ops::dropout(ops::layer_norm(x, {in[2], in[3]}), dropout);
          },
          fused(tokens, dropout),
          inputs_of(items, places, dim));
    }
  }
}

TEST_CASE("input_embedding: works without a position table") {
  const Tokens tokens = tokens_of(9, 4, 1);
  const std::vector<Tensor> inputs = inputs_of(4, 1, 3);
  check_equal(
      [&](const auto& in) {
        return ops::dropout(ops::layer_norm(ops::gather_rows(in[0], tokens.ids), {in[1], in[2]}),
                            kDropout);
      },
      [&](const auto& in) {
        return ops::input_embedding(in[0], {}, tokens.ids, {}, {in[1], in[2]}, kDropout);
      },
      {inputs[0], inputs[2], inputs[3]});
}

TEST_CASE("input_embedding: gradient matches finite differences") {
  check_function(fused(tokens_of(7, 3, 4), kDropout), inputs_of(3, 4, 5));
}

TEST_CASE("input_embedding: row 0 receives no gradient, even if tokens use it") {
  const std::vector<Tensor> inputs = inputs_of(2, 2, 3);
  const Tokens tokens{int_tensor({0, 1, 0}), int_tensor({0, 1, 1})};
  const Differentiated result = differentiate(fused(tokens, {}), inputs);
  CHECK(std::all_of(
      result.grads[0].begin(), result.grads[0].begin() + 3, [](double g) { return g == 0.0; }));
  CHECK(result.grads[0][3] != 0.0);
}

TEST_CASE("input_embedding: a table used twice gets both gradients") {
  check_function(
      [](const auto& in) {
        const Tensor ids = int_tensor({2, 1, 2});
        const Variable x = ops::input_embedding(in[0], {}, ids, {}, {in[1], in[2]}, Dropout{});
        return ops::multiply(x, ops::gather_rows(in[0], ids));
      },
      {random_f64({3, 4}, 1), random_f64({4}, 2), random_f64({4}, 3)});
}

TEST_CASE("input_embedding: float32 stays close to float64") {
  check_float32(fused(tokens_of(70, 30, 20), kDropout), inputs_of(30, 20, 16));
}

TEST_CASE("input_embedding: refuses positions that do not fit") {
  const auto variable = [](const Shape& shape) { return Variable(random_f64(shape, 1)); };
  const auto call = [&](const Variable& table, const Tensor& positions) {
    return message_of([&] {
      ops::input_embedding(variable({3, 4}),
                           table,
                           int_tensor({1, 2}),
                           positions,
                           {variable({4}), variable({4})},
                           Dropout{});
    });
  };
  const std::string message = "input_embedding: expected a position of 4 values for each of 2 ids";
  CHECK(call(variable({5, 4}), int_tensor({0})) == message);
  CHECK(call(variable({5, 3}), int_tensor({0, 1})) == message);
  CHECK(call(variable({5, 4}), {}) == message);
}

TEST_CASE("input_embedding: refuses a norm of another size") {
  const auto variable = [](const Shape& shape) { return Variable(random_f64(shape, 1)); };
  CHECK(message_of([&] {
          ops::input_embedding(
              variable({3, 4}), {}, int_tensor({1}), {}, {variable({5}), variable({5})}, Dropout{});
        }) == "input_embedding: table [3, 4] and norm do not fit");
}

}  // namespace
}  // namespace elastic::input_embedding_test
