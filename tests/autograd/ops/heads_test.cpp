#include "autograd/ops/heads.h"

#include "autograd/op_checks.h"

namespace elastic::heads_test {
namespace {

TEST_CASE("heads_expand: values by hand") {
  // One sequence, one expert, two heads of one feature: out[h] = x_h * row h of the weight.
  const Variable x = variable_of({2, 3}, {1, 1, 2});
  const Variable weight = variable_of({1, 10, 100, 1000}, {2, 2});
  const Variable out = ops::heads_expand(x, weight, 2);
  CHECK(out.shape() == Shape{1, 2, 1, 2});
  CHECK(to_doubles(out.value()) == std::vector<double>{2, 20, 300, 3000});
}

TEST_CASE("heads_contract: values by hand") {
  const Variable z = variable_of({1, 2, 3, 4}, {1, 2, 1, 2});
  const Variable weight = variable_of({1, 10, 100, 1000}, {2, 2});
  const Variable out = ops::heads_contract(z, weight);
  CHECK(out.shape() == Shape{1, 1, 2});
  CHECK(to_doubles(out.value()) == std::vector<double>{21, 4300});
}

TEST_CASE("heads_expand and heads_contract: gradients match finite differences") {
  for (const auto& [batch, heads, experts, dim] : {std::array{1, 1, 1, 1},
                                                   std::array{3, 2, 3, 4},
                                                   std::array{5, 3, 1, 3},
                                                   std::array{2, 1, 5, 3}}) {
    CAPTURE(batch);
    CAPTURE(heads);
    const std::int64_t num_heads = heads;
    check_function([=](const auto& in) { return ops::heads_expand(in[0], in[1], num_heads); },
                   {random_f64({batch, experts, dim}, 1), random_f64({dim, dim}, 2)});
    check_function([](const auto& in) { return ops::heads_contract(in[0], in[1]); },
                   {random_f64({batch, heads, experts, dim}, 1), random_f64({dim, dim}, 2)});
  }
}

TEST_CASE("heads: a weight used by both gets both gradients, over many sequences") {
  // 200 sequences: more than 32 chunks of 4.
  check_function(
      [](const auto& in) { return ops::heads_contract(ops::heads_expand(in[0], in[1], 2), in[1]); },
      {random_f64({200, 1, 2}, 1), random_f64({2, 2}, 2)});
}

TEST_CASE("heads: float32 stays close to float64") {
  check_float32(
      [](const auto& in) { return ops::heads_contract(ops::heads_expand(in[0], in[1], 4), in[2]); },
      {random_f64({5, 7, 32}, 1), random_f64({32, 32}, 2), random_f64({32, 32}, 3)});
}

TEST_CASE("heads: refuse sizes that do not fit") {
  const auto variable = [](const Shape& shape) { return Variable(random_f64(shape, 1)); };
  CHECK(message_of([&] {
          ops::heads_expand(variable({2, 3, 5}), variable({5, 5}), 2);
        }) ==
        "heads_expand: expected [B, k, D] and [D, D] with D divisible by 2 heads, got [2, 3, 5] "
        "and [5, 5]");
  CHECK_THROWS_AS(ops::heads_expand(variable({2, 4}), variable({4, 4}), 2), ShapeError);
  CHECK_THROWS_AS(ops::heads_expand(variable({2, 3, 4}), variable({4, 5}), 2), ShapeError);
  CHECK(message_of([&] {
          ops::heads_contract(variable({2, 3, 4}), variable({4, 4}));
        }) == "heads_contract: expected [B, H, k, D] and [D, D], got [2, 3, 4] and [4, 4]");
  CHECK_THROWS_AS(ops::heads_contract(variable({2, 3, 1, 4}), variable({4, 4})), ShapeError);
}

}  // namespace
}  // namespace elastic::heads_test
