#include "model/parameter.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace elastic {

Variable ParameterStore::add(const std::string& name, Shape shape, Init init, double scale) {
  std::vector<double> values(static_cast<std::size_t>(shape.numel()), 0.0);
  RandomStream stream(seed_, RandomPurpose::kInit, hash_name(name.c_str()));
  switch (init) {
    case Init::kZeros:
      break;
    case Init::kOnes:
      values.assign(values.size(), 1.0);
      break;
    case Init::kNormal:
      for (double& value : values) {
        value = scale * stream.normal();
      }
      break;
    case Init::kXavierUniform:
      scale = std::sqrt(6.0 / static_cast<double>(shape[-1] + shape[-2]));
      [[fallthrough]];
    case Init::kUniform:
      for (double& value : values) {
        value = scale * (2.0 * stream.uniform() - 1.0);
      }
      break;
  }
  return add(name, std::move(shape), values);
}

Variable ParameterStore::add(const std::string& name,
                             Shape shape,
                             const std::vector<double>& values) {
  const Tensor tensor = dtype_ == DType::kFloat64
                            ? Tensor::from(values, shape, device_, Memory::kParameter)
                            : Tensor::from(std::vector<float>(values.begin(), values.end()),
                                           shape,
                                           device_,
                                           Memory::kParameter);
  parameters_.push_back({name, Variable(tensor, /*requires_grad=*/true)});
  return parameters_.back().variable;
}

const Variable& ParameterStore::find(const std::string& name) const {
  for (const Parameter& parameter : parameters_) {
    if (parameter.name == name) {
      return parameter.variable;
    }
  }
  throw UsageError("the model has no parameter '", name, "'");
}

std::int64_t ParameterStore::num_elements() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : parameters_) {
    count += parameter.variable.value().numel();
  }
  return count;
}

}  // namespace elastic
