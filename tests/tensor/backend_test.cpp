#include "tensor/backend.h"

#include <numeric>

#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/sum.h"
#include "tensor/tensor_values.h"

namespace elastic {
namespace {

TEST_CASE("backend_for: the cpu is always there, and the test device has one backend") {
  CHECK_NOTHROW(backend_for(Device::kCpu));
  CHECK(&backend_for(test_device()) == &test_backend());
}

TEST_CASE("threads: the count is set, and 0 means one per core") {
  if (!on_cpu()) {
    return;
  }
  const Threads three(3);
  CHECK(num_threads() == 3);
  set_num_threads(0);
  CHECK(num_threads() >= 1);
}

TEST_CASE("fill: writes every type") {
  Tensor ints({3}, DType::kInt32, test_device());
  fill(ints, -2.0);
  CHECK(ints.to_vector<std::int32_t>() == std::vector<std::int32_t>(3, -2));
  Tensor doubles({2}, DType::kFloat64, test_device());
  fill(doubles, 0.1);
  CHECK(doubles.to_vector<double>() == std::vector<double>(2, 0.1));
}

TEST_CASE("copy: only the elements of a slice change") {
  const Tensor tensor = tensor_of(std::vector<float>{1, 2, 3, 4}, {2, 2});
  Tensor second_row = tensor.slice(1, 2);
  copy(tensor_of(std::vector<float>{8, 9}, {1, 2}), second_row);
  CHECK(tensor.to_vector<float>() == std::vector<float>{1, 2, 8, 9});
}

TEST_CASE("copy: a tensor larger than the buffers of an upload arrives whole") {
  std::vector<std::int32_t> values((std::size_t{21} << 20) / sizeof(std::int32_t) + 1);
  std::iota(values.begin(), values.end(), -7);
  CHECK(tensor_of(std::vector<std::int32_t>{5}, {1}).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{5});
  const Tensor large = tensor_of(values, {static_cast<std::int64_t>(values.size())});
  CHECK((large.to_vector<std::int32_t>() == values));
}

TEST_CASE("scale and add_to: work in place") {
  Tensor y = tensor_of(std::vector<float>{1, -2, 3}, {3});
  run(kernels::Scale{y, 2.0, y});
  CHECK(y.to_vector<float>() == std::vector<float>{2, -4, 6});
  run(kernels::ScaleBy{y, tensor_of(std::vector<float>{0.5F}, {}), y});
  CHECK(y.to_vector<float>() == std::vector<float>{1, -2, 3});
  run(kernels::AddTo{tensor_of(std::vector<float>{10, 20, 30}, {3}), y});
  CHECK(y.to_vector<float>() == std::vector<float>{11, 18, 33});
}

TEST_CASE("sum: the same bits at any number of threads") {
  if (!on_cpu()) {
    return;
  }
  const Tensor x = random_tensor({300007}, 1, DType::kFloat32);
  std::vector<float> sums;
  for (const int count : {1, 2, 3}) {
    const Threads threads(count);
    Tensor sum({}, DType::kFloat32, test_device());
    run(kernels::Sum{x, sum});
    sums.push_back(sum.to_vector<float>().front());
  }
  CHECK(sums[0] == sums[1]);
  CHECK(sums[0] == sums[2]);
}

}  // namespace
}  // namespace elastic
