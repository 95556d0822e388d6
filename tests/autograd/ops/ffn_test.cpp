#include "autograd/ops/ffn.h"

#include "autograd/op_checks.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/gelu.h"
#include "autograd/ops/linear.h"

namespace elastic::ffn_test {
namespace {

constexpr Dropout kDropout{0.3, 9, 4, 2};

std::vector<Tensor> inputs_of(std::int64_t tokens, std::int64_t dim, std::int64_t hidden) {
  return {random_f64({tokens, dim}, 1),
          random_f64({dim}, 2),
          random_f64({dim}, 3),
          random_f64({hidden, dim}, 4, 0.5),
          random_f64({hidden}, 5),
          random_f64({dim, hidden}, 6, 0.5),
          random_f64({dim}, 8)};
}

TensorFunction fused(const Dropout& dropout) {
  return [dropout](const auto& in) {
    return ops::ffn(in[0], {{in[1], in[2]}, in[3], in[4], in[5], in[6]}, dropout);
  };
}

TensorFunction composed(const Dropout& dropout) {
  return [dropout](const auto& in) {
    const Variable up = ops::linear(ops::layer_norm(in[0], {in[1], in[2]}), in[3], in[4]);
    return ops::add(in[0], ops::dropout(ops::linear(ops::gelu(up), in[5], in[6]), dropout));
  };
}

TEST_CASE("ffn: equals layer norm, linear, gelu, linear, dropout and residual") {
  for (const Dropout& dropout : {Dropout{}, kDropout}) {
    for (const auto& [tokens, dim, hidden] : {std::array{1, 1, 1},
                                              std::array{1, 4, 7},
                                              std::array{63, 3, 5},
                                              std::array{65, 8, 33},
                                              std::array{200, 5, 300},
                                              std::array{64 * 33 + 3, 3, 4}}) {
      CAPTURE(tokens);
      CAPTURE(dim);
      CAPTURE(hidden);
      check_equal(composed(dropout), fused(dropout), inputs_of(tokens, dim, hidden));
    }
  }
}

TEST_CASE("ffn: gradient matches finite differences") {
  check_function(fused({}), inputs_of(1, 1, 1));
  check_function(fused(kDropout), inputs_of(5, 3, 7));
}

TEST_CASE("ffn: gradient matches under a norm without parameters") {
  const std::vector<Tensor> inputs = inputs_of(3, 2, 3);
  check_function(
      [](const auto& in) {
        return ops::ffn(in[0], {{}, in[1], in[2], in[3], in[4]}, kDropout);
      },
      {inputs[0], inputs[3], inputs[4], inputs[5], inputs[6]});
}

TEST_CASE("ffn: one input and one set of weights used twice") {
  check_function(
      [](const auto& in) {
        const ops::FfnVariables weights{{in[1], in[2]}, in[3], in[4], in[5], in[6]};
        return ops::add(ops::ffn(ops::ffn(in[0], weights, kDropout), weights, {}), in[0]);
      },
      inputs_of(3, 3, 4));
}

TEST_CASE("ffn: float32 stays close to float64") {
  check_float32(fused(kDropout), inputs_of(70, 16, 40), tolerance::kFloat32Deep);
}

TEST_CASE("ffn: refuses weights that do not fit") {
  const auto variable = [](const Shape& shape) { return Variable(random_f64(shape, 1)); };
  const ops::NormVariables norm{variable({4}), variable({4})};
  const auto call = [&](const Shape& x, const Shape& up, const Shape& down) {
    return message_of([&] {
      ops::ffn(variable(x),
               {norm, variable(up), variable({6}), variable(down), variable({4})},
               Dropout{});
    });
  };
  CHECK(call({3, 5}, {6, 4}, {4, 6}) == "ffn: input [3, 5], up [6, 4] and down [4, 6] do not fit");
  CHECK(call({3, 4}, {6, 4}, {6, 4}) == "ffn: input [3, 4], up [6, 4] and down [6, 4] do not fit");
  CHECK(call({2, 3, 4}, {6, 4}, {4, 6}) ==
        "ffn: input [2, 3, 4], up [6, 4] and down [4, 6] do not fit");
}

}  // namespace
}  // namespace elastic::ffn_test
