#include "tensor/tensor.h"

#include "tensor/backend.h"
#include "tensor/tensor_values.h"

namespace elastic {
namespace {

TEST_CASE("Tensor: values of every type are stored and read back") {
  CHECK(tensor_of(std::vector<float>{1.5F, -2.0F}, {2}).to_vector<float>() ==
        std::vector<float>{1.5F, -2.0F});
  CHECK(tensor_of(std::vector<double>{1.5, -2.0}, {1, 2}).to_vector<double>() ==
        std::vector<double>{1.5, -2.0});
  CHECK(tensor_of(std::vector<std::int32_t>{7}, {}).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{7});
}

TEST_CASE("Tensor: knows shape, type, device and bytes") {
  const Tensor tensor = tensor_of(std::vector<double>(6, 1.0), {3, 2});
  CHECK(tensor.defined());
  CHECK(tensor.shape() == Shape{3, 2});
  CHECK(tensor.dtype() == DType::kFloat64);
  CHECK(tensor.device() == test_device());
  CHECK(tensor.numel() == 6);
  CHECK(tensor.rows() == 3);
  CHECK(tensor.cols() == 2);
  CHECK(tensor.bytes() == 48);
  CHECK_FALSE(Tensor().defined());
}

TEST_CASE("Tensor: an empty tensor holds nothing") {
  const Tensor tensor = tensor_of(std::vector<float>{}, {0, 4});
  CHECK(tensor.defined());
  CHECK(tensor.to_vector<float>().empty());
}

TEST_CASE("Tensor: refuses values that do not fill the shape") {
  CHECK_THROWS_AS(tensor_of(std::vector<float>(5), {2, 3}), ShapeError);
  CHECK(message_of([] {
          tensor_of(std::vector<float>(5), {2, 3});
        }) == "tensor: 5 values do not fill shape [2, 3]");
}

TEST_CASE("Tensor: reading another type fails a check") {
  const Tensor tensor = tensor_of(std::vector<float>{1.0F}, {1});
  CHECK(message_of([&] {
          (void)tensor.to_vector<double>();
        }).find("asked for float64, the tensor holds float32") != std::string::npos);
  CHECK(message_of([&] {
          (void)tensor.data<std::int32_t>();
        }).find("asked for int32, the tensor holds float32") != std::string::npos);
  CHECK(message_of([] { (void)Tensor().raw_data(); }).find("no tensor") != std::string::npos);
}

TEST_CASE("Tensor: a copy shares the elements, a clone does not") {
  const Tensor tensor = tensor_of(std::vector<float>{1.0F, 2.0F}, {2});
  CHECK(tensor.unique());
  const Tensor copy = tensor;
  CHECK_FALSE(tensor.unique());
  CHECK(copy.raw_data() == tensor.raw_data());
  Tensor own = clone(tensor);
  fill(own, 9.0);
  CHECK(tensor.to_vector<float>() == std::vector<float>{1.0F, 2.0F});
}

TEST_CASE("Tensor: reshape keeps the elements") {
  const Tensor tensor = tensor_of(std::vector<float>{1, 2, 3, 4, 5, 6}, {2, 3});
  const Tensor view = tensor.reshape({3, 2});
  CHECK(view.shape() == Shape{3, 2});
  CHECK(view.raw_data() == tensor.raw_data());
  CHECK(message_of([&] { (void)tensor.reshape({4}); }) == "reshape: [2, 3] does not fit [4]");
}

TEST_CASE("Tensor: slice takes rows of the first dimension and shares them") {
  const Tensor tensor = tensor_of(std::vector<float>{1, 2, 3, 4, 5, 6}, {3, 2});
  Tensor rows = tensor.slice(1, 3);
  CHECK(rows.shape() == Shape{2, 2});
  CHECK(rows.to_vector<float>() == std::vector<float>{3, 4, 5, 6});
  CHECK(rows.slice(1, 2).to_vector<float>() == std::vector<float>{5, 6});
  CHECK(tensor.slice(1, 1).numel() == 0);
  fill(rows, 9.0);
  CHECK(tensor.to_vector<float>() == std::vector<float>{1, 2, 9, 9, 9, 9});
}

TEST_CASE("Tensor: slice refuses rows that do not exist") {
  const Tensor tensor = tensor_of(std::vector<float>{1, 2, 3, 4, 5, 6}, {3, 2});
  CHECK(message_of([&] { (void)tensor.slice(1, 4); }) == "slice: rows [1, 4) of [3, 2]");
  CHECK(message_of([&] { (void)tensor.slice(2, 1); }) == "slice: rows [2, 1) of [3, 2]");
  CHECK(message_of([&] { (void)tensor.slice(-1, 1); }) == "slice: rows [-1, 1) of [3, 2]");
  CHECK_THROWS_AS((void)tensor_of(std::vector<float>{1}, {}).slice(0, 1), ShapeError);
}

TEST_CASE("Tensor: zeros and empty_like have the requested shape, type and device") {
  CHECK(zeros({2, 2}, DType::kInt32, test_device()).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>(4, 0));
  const Tensor like = tensor_of(std::vector<double>{1, 2, 3}, {3, 1});
  CHECK(zeros_like(like).to_vector<double>() == std::vector<double>(3, 0.0));
  CHECK(empty_like(like).shape() == like.shape());
  CHECK(empty_like(like).dtype() == DType::kFloat64);
}

TEST_CASE("Tensor: memory is counted under its kind and released") {
  const auto current = [] {
    return test_backend().allocator().report().current_of(Memory::kGradient);
  };
  const std::size_t before = current();
  {
    const Tensor tensor({1000}, DType::kFloat32, test_device(), Memory::kGradient);
    CHECK(current() >= before + 4000);
    CHECK(current() < before + 5000);
  }
  CHECK(current() == before);
}

TEST_CASE("devices and precisions: parsed by the names of their tables") {
  CHECK(parse_choice<Device>("cpu", "--device") == Device::kCpu);
  CHECK(parse_choice<Device>("cuda", "--device") == Device::kCuda);
  CHECK(message_of([] {
          parse_choice<Device>("gpu", "--device");
        }).starts_with("--device: expected cpu or cuda, got 'gpu'"));
  CHECK(parse_choice<Precision>("bf16", "--precision") == Precision::kBf16);
}

}  // namespace
}  // namespace elastic
