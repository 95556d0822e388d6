#include "tensor/kernel.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>

#include "base/error.h"
#include "base/scope.h"
#include "tensor/backend.h"
#include "tensor/kernel_book.h"
#include "tensor/kernels/adam.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/input_embedding.h"
#include "tensor/kernels/rows.h"
#include "tensor/kernels/sampled_cross_entropy.h"
#include "tensor/kernels/segment_attention.h"
#include "tensor/tensor_values.h"
#include "test_device.h"

namespace elastic {
namespace {

std::multiset<std::string> names_on(Device device) {
  std::multiset<std::string> names;
  for (const KernelEntry& entry : kernel_entries()) {
    if (entry.device == device) {
      names.insert(entry.name);
    }
  }
  return names;
}

Tensor floats(const Shape& shape) {
  return zeros(shape, DType::kFloat32, test_device());
}

TEST_CASE("kernels: every kernel of the CPU is on CUDA, in a program with CUDA") {
  backend_for(Device::kCpu);  // enters the kernels of a portable build
  const std::multiset<std::string> cpu = names_on(Device::kCpu);
  const std::multiset<std::string> cuda = names_on(Device::kCuda);
  CHECK(cpu.size() > 70);
  CHECK(std::set<std::string>(cpu.begin(), cpu.end()).size() == cpu.size());  // each once
  if (cuda.empty()) {
    CHECK_THROWS_WITH_AS(backend_for(Device::kCuda),
                         doctest::Contains("device 'cuda' is not in this build"),
                         DeviceError);
  } else {
    CHECK(cpu == cuda);
  }
}

// An operand of an unknown type must not compile, rather than count zero bytes.
struct Visitor {
  void operator()(const Tensor& /*tensor*/, double /*bytes*/) const {}
};
template <class T>
concept IsOperand = requires(const T& x) {
  visit_operand(x, Visitor{});
};
static_assert(IsOperand<Tensor> && IsOperand<Segments> && IsOperand<std::vector<Tensor>>);
static_assert(IsOperand<AttentionLayout> && IsOperand<SampledItems>);
static_assert(!IsOperand<std::int64_t> && !IsOperand<double> && !IsOperand<std::string>);

TEST_CASE("kernel: bytes are those of every operand, each once") {
  const Tensor a = floats({3, 5});
  Tensor out = floats({3, 5});
  CHECK(bytes_of(kernels::Add{a, a, out}) == 3 * 15 * 4);

  // Offsets of segments count: [B + 1] int32 of the queries and of the keys.
  const Segments segments({0, 2, 3}, test_device());
  AttentionLayout layout{&segments, &segments, 1, true, 0};
  Tensor log_sum = floats({3, 1});
  const kernels::SegmentAttentionForward attention{
      .query = a, .key = a, .value = a, .layout = layout, .out = out, .log_sum = log_sum};
  CHECK(bytes_of(attention) == 4 * 15 * 4 + 3 * 4 + 2 * 3 * 4);
  CHECK(attention.flops() == 4 * (3 + 1) * 5);
}

TEST_CASE("kernel: a table read by rows counts its rows read, at most all") {
  const Tensor table = floats({1000, 8});
  const Tensor rows = Tensor::from(std::vector<std::int32_t>{4, 7, 4}, {3}, test_device());
  Tensor out = floats({3, 8});
  const double row = 8 * 4;
  CHECK(bytes_of(kernels::GatherRows{table, rows, out}) == doctest::Approx(6 * row + 12));
  CHECK(bytes_of(kernels::GatherRows{table.slice(0, 2), rows, out}) ==
        doctest::Approx(5 * row + 12));

  Tensor grad_table = floats({1000, 8});
  CHECK(bytes_of(kernels::ScatterAddRows{out, rows, grad_table}) == doctest::Approx(6 * row + 12));

  const Norm no_norm;
  const Dropout no_dropout;
  const kernels::InputEmbeddingForward embedding{.item_table = table,
                                                 .position_table = Tensor(),
                                                 .ids = rows,
                                                 .positions = rows,
                                                 .norm = no_norm,
                                                 .dropout = no_dropout,
                                                 .y = out};
  CHECK(bytes_of(embedding) == doctest::Approx(6 * row + 24));

  const Tensor health = zeros({3}, DType::kFloat64, test_device());
  const AdamOptions options;
  const kernels::AdamStepRows step{.param = table,
                                   .rows = rows,
                                   .grad = out,
                                   .first_moment = grad_table,
                                   .second_moment = grad_table,
                                   .options = options,
                                   .health = health};
  CHECK(bytes_of(step) == doctest::Approx(12 * row + 12 + 24));
}

TEST_CASE("run: an unsupported type is refused with the kernel's name") {
  const Tensor ints = Tensor::from(std::vector<std::int32_t>{1, 2}, {2}, test_device());
  Tensor out = Tensor::from(std::vector<std::int32_t>{0, 0}, {2}, test_device());
  CHECK_THROWS_WITH_AS(run(kernels::Add{ints, ints, out}), doctest::Contains("add: device"), Error);
}

TEST_CASE("kernel book: kernels, copies and fills are counted, kernels inside kernels are not") {
  const Tensor x = floats({4, 4});
  Tensor y = floats({4, 4});
  KernelBook book(test_device(), /*with_calls=*/true);
  fill(y, 2.0);
  copy(x, y);
  run(kernels::AddTo{x, y});  // made of `add` on both devices
  run(kernels::AddTo{x, y});
  CHECK(book.uses().size() == 3);
  CHECK(book.uses().at("fill").bytes == 64.0);
  CHECK(book.uses().at("copy").bytes == 128.0);
  CHECK(book.uses().at("add_to").calls == 2);
  CHECK(book.uses().at("add_to").bytes == 256.0);
  CHECK(book.total().calls == 4);
  CHECK(book.calls().size() == 4);
  CHECK(book.calls().back().kernel == std::string("add_to"));
  REQUIRE(book.calls().back().shapes.size() == 2);
  CHECK(book.calls().back().shapes[1].name == "y");
  CHECK(book.calls().back().shapes[1].shape == Shape{4, 4});
}

TEST_CASE("kernel book: scopes with a kernel are spans, a layer that is opened again continues") {
  const Tensor x = floats({4, 4});
  Tensor y = floats({4, 4});
  KernelBook book(test_device(), /*with_calls=*/true);
  CHECK(open_scope(ScopeKind::kLayer).empty());
  const auto add_in = [&](const char* layer, const char* op) {
    const LayerScope in_layer(layer, 1);
    const OpScope in_op(op);
    CHECK(open_scope(ScopeKind::kOp) == op);
    run(kernels::AddTo{x, y});
  };
  add_in("layer", "first");
  { const LayerScope without_kernel("other"); }
  add_in("layer", "second");
  fill(y, 1.0);
  add_in("layer", "third");
  { const LayerScope without_name(""); }
  std::vector<std::string> names;
  for (const ScopeSpan& span : book.spans()) {
    names.push_back(span.name);
  }
  CHECK(names == std::vector<std::string>{"layer 1", "first", "second", "layer 1", "third"});
  CHECK(book.spans()[0].seconds >= book.spans()[1].seconds + book.spans()[2].seconds);
}

TEST_CASE("operands: their text gives their names, of some rows of a table the table's") {
  CHECK(operand_names("x, *queries, SomeRows{table, rows(ids, 2)}, device_") ==
        std::vector<std::string>{"x", "queries", "table", "device_"});
}

}  // namespace
}  // namespace elastic
