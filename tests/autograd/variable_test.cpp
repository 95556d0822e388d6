#include "autograd/variable.h"

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/gelu.h"
#include "autograd/ops/sum.h"
#include "autograd/ops/unit_elu.h"
#include "tensor/kernel_book.h"

namespace elastic {
namespace {

std::vector<double> grad_of(const Variable& variable) {
  return to_doubles(variable.grad());
}

std::size_t activation_bytes() {
  return test_backend().allocator().report().current_of(Memory::kActivation);
}

TEST_CASE("variables: a copy is a handle") {
  const Variable x = variable_of({1.0, 2.0}, {2}, true);
  const Variable copy = x;
  copy.add_grad(tensor_of(std::vector<double>{3.0, 4.0}, {2}));
  CHECK(grad_of(x) == std::vector<double>{3.0, 4.0});
  CHECK_FALSE(Variable().defined());
  CHECK_FALSE(Variable().requires_grad());
}

TEST_CASE("variables: gradients add up until they are cleared") {
  const Variable x = variable_of({1.0}, {1}, true);
  CHECK_FALSE(x.grad().defined());
  for (int i = 1; i <= 3; ++i) {
    backward(ops::sum(ops::scale(x, 2.0)));
    CHECK(grad_of(x) == std::vector<double>{2.0 * i});
  }
  x.clear_grad();
  CHECK_FALSE(x.grad().defined());
}

TEST_CASE("variables: a gradient of another shape is refused") {
  const Variable x = variable_of({1.0, 2.0}, {2}, true);
  CHECK(message_of([&] { x.add_grad(tensor_of(std::vector<double>{1.0}, {1})); }) ==
        "gradient [1] of a value [2]");
}

TEST_CASE("variables: a gradient that others hold is copied, not taken over") {
  const Variable x = variable_of({1.0}, {1}, true);
  const Tensor grad = tensor_of(std::vector<double>{5.0}, {1});
  x.add_grad(grad);
  x.add_grad(grad);
  CHECK(to_doubles(grad) == std::vector<double>{5.0});
  CHECK(grad_of(x) == std::vector<double>{10.0});
}

TEST_CASE("variables: one that requires no gradient gets none") {
  const Variable x = variable_of({1.0}, {1}, true);
  const Variable constant = variable_of({3.0}, {1});
  backward(ops::sum(ops::multiply(x, constant)));
  CHECK(grad_of(x) == std::vector<double>{3.0});
  CHECK_FALSE(constant.grad().defined());
}

TEST_CASE("variables: grad_buffer starts at zero") {
  const Variable x = variable_of({1.0, 2.0}, {2}, true);
  CHECK(to_doubles(x.grad_buffer()) == std::vector<double>{0.0, 0.0});
}

TEST_CASE("backward: an input used twice gets both gradients") {
  const Variable x = variable_of({3.0}, {1}, true);
  backward(ops::sum(ops::multiply(x, x)));
  CHECK(grad_of(x) == std::vector<double>{6.0});
  x.clear_grad();
  backward(ops::sum(ops::add(x, x)));
  CHECK(grad_of(x) == std::vector<double>{2.0});
}

TEST_CASE("backward: both arms of a diamond are added before it continues") {
  // y = x^2, z = (2 y) * (3 y) = 6 x^4.
  const Variable x = variable_of({2.0}, {1}, true);
  const Variable y = ops::multiply(x, x);
  backward(ops::sum(ops::multiply(ops::scale(y, 2.0), ops::scale(y, 3.0))));
  CHECK(grad_of(x) == std::vector<double>{24.0 * 8.0});
}

TEST_CASE("backward: arms may differ in length") {
  // z = x * exp-like chain: x * (((2 x) + x) + x) = 4 x^2.
  const Variable x = variable_of({5.0}, {1}, true);
  Variable chain = ops::scale(x, 2.0);
  chain = ops::add(chain, x);
  chain = ops::add(chain, x);
  backward(ops::sum(ops::multiply(x, chain)));
  CHECK(grad_of(x) == std::vector<double>{40.0});
}

TEST_CASE("backward: a branch that the loss does not use gets no gradient") {
  const Variable x = variable_of({2.0}, {1}, true);
  const Variable unused = ops::scale(x, 100.0);
  backward(ops::sum(ops::scale(x, 3.0)));
  CHECK(grad_of(x) == std::vector<double>{3.0});
  CHECK(unused.requires_grad());
}

TEST_CASE("backward: only a scalar has a gradient") {
  const Variable x = variable_of({1.0, 2.0}, {2}, true);
  CHECK(message_of([&] { backward(ops::scale(x, 1.0)); }) ==
        "backward: expected a scalar loss, got [2]");
}

TEST_CASE("backward: a loss without variables does nothing") {
  CHECK_NOTHROW(backward(ops::sum(variable_of({1.0}, {1}))));
}

TEST_CASE("backward: consumes the graph, a second run adds nothing to the leaves") {
  const Variable x = variable_of({3.0}, {1}, true);
  const Variable loss = ops::sum(ops::scale(x, 2.0));
  backward(loss);
  backward(loss);
  CHECK(grad_of(x) == std::vector<double>{2.0});
}

TEST_CASE("backward: intermediate values are freed as it runs, and gone after it") {
  const Variable x(random_f64({1000}, 1), true);
  const std::size_t before = activation_bytes();
  Variable loss;
  {
    Variable y = x;
    for (int i = 0; i < 20; ++i) {
      y = ops::gelu(y);
    }
    loss = ops::sum(y);
  }
  CHECK(activation_bytes() >= before + 20 * 8000);
  backward(loss);
  loss = {};
  CHECK(activation_bytes() == before);
}

TEST_CASE("graph: a loss that is dropped without backward frees everything") {
  const std::size_t before = activation_bytes();
  {
    const Variable x(random_f64({1000}, 1), true);
    Variable y = x;
    for (int i = 0; i < 5; ++i) {
      y = ops::multiply(ops::gelu(y), x);
    }
  }
  CHECK(activation_bytes() == before);
}

TEST_CASE("graph: a chain of 100000 ops fits the stack, with backward and without") {
  if (!on_cpu()) {
    return;
  }
  for (const bool run : {true, false}) {
    const Variable x = variable_of({1.0}, {1}, true);
    Variable y = x;
    for (int i = 0; i < 100000; ++i) {
      y = ops::scale(y, 1.0);
    }
    if (run) {
      backward(ops::sum(y));
      CHECK(grad_of(x) == std::vector<double>{1.0});
    }
    y = {};
  }
}

TEST_CASE("NoGrad: nothing is recorded during its lifetime") {
  const Variable x = variable_of({3.0}, {1}, true);
  {
    const NoGrad no_grad;
    CHECK_FALSE(records({x}));
    const Variable y = ops::multiply(x, x);
    CHECK(to_doubles(y.value()) == std::vector<double>{9.0});
    CHECK_FALSE(y.requires_grad());
    { const NoGrad inner; }
    CHECK_FALSE(records({x}));
    const std::size_t before = activation_bytes();
    Variable z = x;
    for (int i = 0; i < 10; ++i) {
      z = ops::scale(z, 2.0);
    }
    CHECK(activation_bytes() <= before + 512);  // the last one only
  }
  CHECK(records({x}));
  CHECK_FALSE(records({variable_of({1.0}, {1})}));
  CHECK_FALSE(records({Variable()}));
}

TEST_CASE("backward: a kernel book may close or open between forward and backward") {
  const Variable x = variable_of({0.5, -1.0, 2.0, 0.25}, {2, 2}, true);
  Variable loss;
  {
    const KernelBook book(test_device());
    loss = ops::sum(ops::unit_elu(x));
    CHECK(book.uses().at("unit_elu_forward").calls == 1);
  }
  backward(loss);  // a crash when the graph held on to the closed book
  CHECK(x.grad().defined());

  loss = ops::sum(ops::unit_elu(x));
  const KernelBook book(test_device());
  backward(loss);
  CHECK(book.uses().at("unit_elu_backward").calls == 1);
}

}  // namespace
}  // namespace elastic
