#include "model/parameter.h"

#include <stdexcept>

#include "base/random.h"
#include "tensor/tensor_values.h"

namespace elastic {
namespace {

ParameterStore store_of(std::uint64_t seed) {
  return {seed, DType::kFloat64, test_device()};
}

TEST_CASE("ParameterStore: keeps order, counts elements, finds by name") {
  ParameterStore store = store_of(1);
  store.add("b", {2, 3}, Init::kZeros);
  store.add("a", {4}, Init::kOnes);
  CHECK(store.all().size() == 2);
  CHECK(store.all()[0].name == "b");
  CHECK(store.num_elements() == 10);
  CHECK(to_doubles(store.find("a").value()) == std::vector<double>(4, 1.0));
  CHECK(to_doubles(store.find("b").value()) == std::vector<double>(6, 0.0));
  CHECK(store.find("a").requires_grad());
  CHECK(message_of([&] { (void)store.find("c"); }) == "the model has no parameter 'c'");
}

TEST_CASE("ParameterStore: a buffer is saved, not trained, and not counted") {
  ParameterStore store = store_of(1);
  store.add("weight", {2, 3}, Init::kZeros);
  const Variable buffer = store.add_buffer("buffer", {5, 2}, Init::kOnes);
  CHECK_FALSE(buffer.requires_grad());
  CHECK(store.all().size() == 2);
  CHECK_FALSE(store.all()[1].trained);
  REQUIRE(store.trained().size() == 1);
  CHECK(store.trained()[0].name == "weight");
  CHECK(store.num_elements() == 6);
  CHECK(same_bits(store.find("buffer").value(), buffer.value()));
}

TEST_CASE("ParameterStore: values come from a source, on the CPU without a copy") {
  const Tensor saved = Tensor::from(std::vector<double>{1, 2, 3, 4}, {2, 2});
  std::vector<std::string> asked;
  ParameterStore store(
      [&](const std::string& name, const Shape& shape) {
        asked.push_back(name);
        CHECK(shape == Shape({2, 2}));
        return saved;
      },
      DType::kFloat64,
      test_device());
  const Variable drawn = store.add("drawn", {2, 2}, Init::kNormal);
  const Variable made =
      store.add("made", {2, 2}, []() -> std::vector<double> { throw std::logic_error("drawn"); });
  const Variable buffer = store.add_buffer("buffer", {2, 2}, Init::kOnes);
  CHECK(asked == std::vector<std::string>{"drawn", "made", "buffer"});
  CHECK(drawn.requires_grad());
  CHECK_FALSE(buffer.requires_grad());
  for (const Variable& variable : {drawn, made, buffer}) {
    CHECK(to_doubles(variable.value()) == to_doubles(saved));
    CHECK((variable.value().raw_data() == saved.raw_data()) == on_cpu());
  }
}

TEST_CASE("ParameterStore: a plan has names and shapes without values") {
  ParameterStore plan = ParameterStore::plan(DType::kFloat32, test_device());
  plan.add("huge", {std::int64_t{1} << 40, 64}, Init::kNormal);
  CHECK_FALSE(plan.find("huge").value().defined());
  CHECK(plan.num_bytes() == 4.0 * 64.0 * 1099511627776.0);
}

TEST_CASE("ParameterStore: unit rows are directions without a preference") {
  ParameterStore store = store_of(6);
  const std::vector<double> rows =
      to_doubles(store.add_buffer("rows", {2, 200, 5}, Init::kUnitRows).value());
  std::vector<double> mean(5, 0.0);
  for (std::size_t row = 0; row < rows.size(); row += 5) {
    double squares = 0.0;
    for (std::size_t j = 0; j < 5; ++j) {
      squares += rows[row + j] * rows[row + j];
      mean[j] += rows[row + j] / 400.0;
    }
    CHECK(squares == doctest::Approx(1.0));
  }
  for (const double value : mean) {
    CHECK(std::abs(value) < 0.1);  // the standard deviation is 0.022
  }
}

TEST_CASE("ParameterStore: writing a large table in pieces does not change its values") {
  ParameterStore store = store_of(9);
  const Shape shape{40000, 30};  // more than the million elements of a piece
  const std::vector<double> values =
      to_doubles(store.add("table", shape, Init::kNormal, 2.0).value());
  RandomStream stream(9, RandomPurpose::kInit, hash_name("table"));
  std::vector<double> want(values.size());
  for (double& value : want) {
    value = 2.0 * stream.normal();
  }
  CHECK(values == want);
}

TEST_CASE("ParameterStore: initial values have the documented spread") {
  ParameterStore store = store_of(2);
  const auto moments = [](const Variable& variable) {
    double sum = 0.0;
    double squares = 0.0;
    double largest = 0.0;
    const std::vector<double> values = to_doubles(variable.value());
    for (const double value : values) {
      sum += value;
      squares += value * value;
      largest = std::max(largest, std::abs(value));
    }
    const auto count = static_cast<double>(values.size());
    return std::array{sum / count, std::sqrt(squares / count), largest};
  };
  const auto normal = moments(store.add("normal", {100, 100}, Init::kNormal, 0.02));
  CHECK(std::abs(normal[0]) < 0.001);
  CHECK(normal[1] == doctest::Approx(0.02).epsilon(0.03).scale(0.0));
  const auto uniform = moments(store.add("uniform", {100, 100}, Init::kUniform, 0.5));
  CHECK(uniform[2] <= 0.5);
  CHECK(uniform[2] > 0.49);
  CHECK(uniform[1] == doctest::Approx(0.5 / std::sqrt(3.0)).epsilon(0.03).scale(0.0));
  const auto xavier = moments(store.add("xavier", {40, 20}, Init::kXavierUniform));
  CHECK(xavier[2] <= std::sqrt(6.0 / 60.0));
  CHECK(xavier[2] > 0.98 * std::sqrt(6.0 / 60.0));
}

TEST_CASE("ParameterStore: values are a function of seed, name and shape, not of the neighbours") {
  ParameterStore alone = store_of(3);
  ParameterStore among = store_of(3);
  among.add("other", {5}, Init::kNormal);
  const Variable a = alone.add("weight", {4, 4}, Init::kXavierUniform);
  const Variable b = among.add("weight", {4, 4}, Init::kXavierUniform);
  CHECK(same_bits(a.value(), b.value()));
  ParameterStore seed = store_of(4);
  CHECK_FALSE(same_bits(seed.add("weight", {4, 4}, Init::kXavierUniform).value(), a.value()));
  CHECK_FALSE(same_bits(alone.add("weights", {4, 4}, Init::kXavierUniform).value(), a.value()));
}

TEST_CASE("ParameterStore: float32 holds the rounded float64 values") {
  ParameterStore wide = store_of(5);
  ParameterStore narrow(5, DType::kFloat32, test_device());
  const std::vector<double> values = to_doubles(wide.add("weight", {10}, Init::kNormal).value());
  const std::vector<float> rounded =
      narrow.add("weight", {10}, Init::kNormal).value().to_vector<float>();
  CHECK(std::vector<float>(values.begin(), values.end()) == rounded);
}

}  // namespace
}  // namespace elastic
