// A model's trained tensors, by dotted name.
#pragma once

#include <string>
#include <vector>

#include "autograd/variable.h"

namespace elastic {

struct Parameter {
  std::string name;  ///< as in checkpoints and messages: layers.0.attention.query.weight
  Variable variable;
};

/// How a parameter starts.
enum class Init {
  kZeros,
  kOnes,
  kXavierUniform,  ///< U(+-sqrt(6 / (rows + cols)))
  kNormal,         ///< N(0, scale)
  kUniform,        ///< U(+-scale)
};

/// Makes a model's parameters, in a fixed order, from one seed. A parameter's values depend on the
/// seed, its name and its shape only. On the CPU; `to_device` of Model moves them.
class ParameterStore {
 public:
  ParameterStore(std::uint64_t seed, DType dtype, Device device)
      : seed_(seed), dtype_(dtype), device_(device) {}

  Variable add(const std::string& name, Shape shape, Init init, double scale = 1.0);
  /// One that starts with these values.
  Variable add(const std::string& name, Shape shape, const std::vector<double>& values);

  [[nodiscard]] const std::vector<Parameter>& all() const { return parameters_; }
  /// Throws UsageError if there is none of this name.
  [[nodiscard]] const Variable& find(const std::string& name) const;
  [[nodiscard]] std::int64_t num_elements() const;

 private:
  std::uint64_t seed_;
  DType dtype_;
  Device device_;
  std::vector<Parameter> parameters_;
};

}  // namespace elastic
