// A model's tensors that last, trained or not, by dotted name.
#pragma once

#include <string>
#include <vector>

#include "autograd/variable.h"

namespace elastic {

struct Parameter {
  std::string name;  ///< as in checkpoints and messages: layers.0.attention.query.weight
  Variable variable;
  bool trained = true;  ///< by the optimiser; otherwise a buffer: the model's own rule changes it
  /// Part of the model's definition that no output depends on: it never has a gradient.
  bool unread = false;
};

/// How a parameter starts.
enum class Init {
  kZeros,
  kOnes,
  kXavierUniform,  ///< U(+-sqrt(6 / (rows + cols)))
  kNormal,         ///< N(0, scale)
  kUniform,        ///< U(+-scale)
  kUnitRows,       ///< random directions: rows of length 1
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
  /// A tensor that is saved with the parameters and restored with them, but has no gradient.
  Variable add_buffer(const std::string& name, Shape shape, Init init, double scale = 1.0);

  /// Says so of the parameters whose name begins with `prefix`.
  void mark_unread(const std::string& prefix);

  /// Parameters and buffers: what is saved.
  [[nodiscard]] const std::vector<Parameter>& all() const { return parameters_; }
  /// Without the buffers: what an optimiser works on.
  [[nodiscard]] std::vector<Parameter> trained() const;
  /// Throws UsageError if there is none of this name.
  [[nodiscard]] const Variable& find(const std::string& name) const;
  /// Trained ones.
  [[nodiscard]] std::int64_t num_elements() const;

 private:
  // A new tensor, written some rows at a time: that of a large catalogue is never there twice.
  [[nodiscard]] Tensor start(const std::string& name,
                             const Shape& shape,
                             Init init,
                             double scale) const;
  Variable keep(const std::string& name, Tensor tensor, bool trained);

  std::uint64_t seed_;
  DType dtype_;
  Device device_;
  std::vector<Parameter> parameters_;
};

}  // namespace elastic
