#include "model/parameter.h"

#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace elastic {

std::vector<double> ParameterStore::start(const std::string& name,
                                          const Shape& shape,
                                          Init init,
                                          double scale) const {
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
    case Init::kUnitRows:
      for (auto row = values.begin(); row != values.end(); row += shape[-1]) {
        double squares = 0.0;
        for (auto value = row; value != row + shape[-1]; ++value) {
          *value = stream.normal();
          squares += *value * *value;
        }
        for (auto value = row; value != row + shape[-1]; ++value) {
          *value /= std::sqrt(squares);
        }
      }
      break;
  }
  return values;
}

Variable ParameterStore::keep(const std::string& name,
                              const Shape& shape,
                              const std::vector<double>& values,
                              bool trained) {
  const Tensor tensor = dtype_ == DType::kFloat64
                            ? Tensor::from(values, shape, device_, Memory::kParameter)
                            : Tensor::from(std::vector<float>(values.begin(), values.end()),
                                           shape,
                                           device_,
                                           Memory::kParameter);
  parameters_.push_back({name, Variable(tensor, /*requires_grad=*/trained), trained});
  return parameters_.back().variable;
}

Variable ParameterStore::add(const std::string& name, Shape shape, Init init, double scale) {
  return keep(name, shape, start(name, shape, init, scale), /*trained=*/true);
}

Variable ParameterStore::add(const std::string& name,
                             Shape shape,
                             const std::vector<double>& values) {
  return keep(name, shape, values, /*trained=*/true);
}

Variable ParameterStore::add_buffer(const std::string& name, Shape shape, Init init, double scale) {
  return keep(name, shape, start(name, shape, init, scale), /*trained=*/false);
}

std::vector<Parameter> ParameterStore::trained() const {
  std::vector<Parameter> result;
  for (const Parameter& parameter : parameters_) {
    if (parameter.trained) {
      result.push_back(parameter);
    }
  }
  return result;
}

void ParameterStore::mark_unread(const std::string& prefix) {
  for (Parameter& parameter : parameters_) {
    parameter.unread = parameter.unread || parameter.name.starts_with(prefix);
  }
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
  for (const Parameter& parameter : trained()) {
    count += parameter.variable.value().numel();
  }
  return count;
}

}  // namespace elastic
