#include "model/parameter.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "base/error.h"
#include "base/random.h"

namespace elastic {

namespace {

constexpr std::size_t kPiece = std::size_t{1} << 20;  ///< elements per write, about

// Draws the next values of a tensor: whole rows of `cols`.
void draw(
    RandomStream& stream, Init init, double scale, std::size_t cols, std::vector<double>& values) {
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
    case Init::kUniform:
      for (double& value : values) {
        value = scale * (2.0 * stream.uniform() - 1.0);
      }
      break;
    case Init::kUnitRows:
      for (std::size_t row = 0; row < values.size(); row += cols) {
        double squares = 0.0;
        for (std::size_t j = row; j < row + cols; ++j) {
          values[j] = stream.normal();
          squares += values[j] * values[j];
        }
        for (std::size_t j = row; j < row + cols; ++j) {
          values[j] /= std::sqrt(squares);
        }
      }
      break;
  }
}

// tensor[begin..] = values
void write(const std::vector<double>& values, std::size_t begin, const Tensor& tensor) {
  const auto first = static_cast<std::int64_t>(begin);
  Tensor part = tensor.reshape({tensor.numel()})
                    .slice(first, first + static_cast<std::int64_t>(values.size()));
  Backend& backend = backend_for(tensor.device());
  if (tensor.dtype() == DType::kFloat64) {
    backend.copy_from_host(values.data(), part);
  } else {
    const std::vector<float> narrow(values.begin(), values.end());
    backend.copy_from_host(narrow.data(), part);
  }
}

}  // namespace

ParameterStore ParameterStore::plan(DType dtype, Device device) {
  return {[](const std::string&, const Shape&) { return Tensor(); }, dtype, device};
}

Tensor ParameterStore::given(const std::string& name, const Shape& shape) const {
  Tensor tensor = source_(name, shape);
  if (!tensor.defined() || device_ == Device::kCpu) {
    return tensor;
  }
  Tensor copy(shape, dtype_, device_, Memory::kParameter);
  backend_for(device_).copy_from_host(tensor.raw_data(), copy);
  return copy;
}

Tensor ParameterStore::drawn(const std::string& name,
                             const Shape& shape,
                             Init init,
                             double scale) const {
  if (init == Init::kXavierUniform) {
    scale = std::sqrt(6.0 / static_cast<double>(shape[-1] + shape[-2]));
  }
  Tensor tensor(shape, dtype_, device_, Memory::kParameter);
  RandomStream stream(seed_, RandomPurpose::kInit, hash_name(name.c_str()));
  const auto count = static_cast<std::size_t>(tensor.numel());
  const auto cols = static_cast<std::size_t>(std::max<std::int64_t>(1, tensor.cols()));
  const std::size_t piece = std::max<std::size_t>(1, kPiece / cols) * cols;
  std::vector<double> values;
  for (std::size_t begin = 0; begin < count; begin += piece) {
    values.assign(std::min(piece, count - begin), 0.0);
    draw(stream, init, scale, cols, values);
    write(values, begin, tensor);
  }
  return tensor;
}

Variable ParameterStore::keep(const std::string& name,
                              const Shape& shape,
                              Tensor tensor,
                              bool trained) {
  parameters_.push_back({.name = name,
                         .variable = Variable(std::move(tensor), /*requires_grad=*/trained),
                         .trained = trained,
                         .shape = shape});
  return parameters_.back().variable;
}

Variable ParameterStore::add(const std::string& name, Shape shape, Init init, double scale) {
  return keep(name,
              shape,
              source_ ? given(name, shape) : drawn(name, shape, init, scale),
              /*trained=*/true);
}

Variable ParameterStore::add(const std::string& name,
                             Shape shape,
                             const std::function<std::vector<double>()>& make_values) {
  if (source_) {
    return keep(name, shape, given(name, shape), /*trained=*/true);
  }
  const std::vector<double> values = make_values();
  require_shape(shape.numel() == static_cast<std::int64_t>(values.size()),
                "parameter ",
                name,
                ": ",
                values.size(),
                " values for ",
                shape);
  Tensor tensor(shape, dtype_, device_, Memory::kParameter);
  write(values, 0, tensor);
  return keep(name, shape, std::move(tensor), /*trained=*/true);
}

Variable ParameterStore::add_buffer(const std::string& name, Shape shape, Init init, double scale) {
  return keep(name,
              shape,
              source_ ? given(name, shape) : drawn(name, shape, init, scale),
              /*trained=*/false);
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

double ParameterStore::num_bytes() const {
  double bytes = 0.0;
  for (const Parameter& parameter : parameters_) {
    bytes += static_cast<double>(parameter.shape.numel()) * static_cast<double>(size_of(dtype_));
  }
  return bytes;
}

std::int64_t ParameterStore::num_elements() const {
  std::int64_t count = 0;
  for (const Parameter& parameter : trained()) {
    count += parameter.variable.value().numel();
  }
  return count;
}

}  // namespace elastic
