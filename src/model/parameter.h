// A model's persistent tensors, trained or not, by dotted name.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "autograd/variable.h"

namespace elastic {

struct Parameter {
  std::string name;     ///< as in checkpoints and messages: layers.0.attention.query.weight
  Variable variable;    ///< without elements in a plan
  bool trained = true;  ///< by the optimiser; otherwise a buffer, updated by the model
  /// Whether no output depends on it, although the model's definition has it: it never has a
  /// gradient.
  bool unread = false;
  Shape shape{};
};

/// The distribution of a parameter's initial values.
enum class Init {
  kZeros,
  kOnes,
  kXavierUniform,  ///< U(+-sqrt(6 / (rows + cols)))
  kNormal,         ///< N(0, scale)
  kUniform,        ///< U(+-scale)
  kUnitRows,       ///< random directions: rows of length 1
};

/// Gives the values of a parameter, such as a saved one, as a tensor on the CPU.
using ParameterSource = std::function<Tensor(const std::string& name, const Shape& shape)>;

/// Creates a model's parameters, in a fixed order.
class ParameterStore {
 public:
  /// Draws the values. Those of a parameter depend on the seed, its name and its shape only.
  ParameterStore(std::uint64_t seed, DType dtype, Device device)
      : seed_(seed), dtype_(dtype), device_(device) {}
  /// Takes the values from the source, which is called by add only. On the CPU its tensors become
  /// the parameters.
  ParameterStore(ParameterSource source, DType dtype, Device device)
      : source_(std::move(source)), dtype_(dtype), device_(device) {}
  /// A plan: names and shapes without values.
  static ParameterStore plan(DType dtype, Device device);

  Variable add(const std::string& name, Shape shape, Init init, double scale = 1.0);
  /// A parameter with given initial values, which are made only where others are drawn.
  Variable add(const std::string& name,
               Shape shape,
               const std::function<std::vector<double>()>& make_values);
  /// A tensor that is saved and restored with the parameters, but has no gradient.
  Variable add_buffer(const std::string& name, Shape shape, Init init, double scale = 1.0);

  /// Marks the parameters whose names begin with `prefix` as unread.
  void mark_unread(const std::string& prefix);

  /// The saved tensors: parameters and buffers.
  [[nodiscard]] const std::vector<Parameter>& all() const { return parameters_; }
  /// The parameters of the optimiser, without buffers.
  [[nodiscard]] std::vector<Parameter> trained() const;
  /// Throws UsageError if no parameter has this name.
  [[nodiscard]] const Variable& find(const std::string& name) const;
  /// Bytes of all parameters and buffers; a double, because a plan may be of any size.
  [[nodiscard]] double num_bytes() const;
  /// Elements of the trained parameters.
  [[nodiscard]] std::int64_t num_elements() const;

 private:
  // A new tensor, written a few rows at a time, so that a large table is never in memory twice.
  [[nodiscard]] Tensor drawn(const std::string& name,
                             const Shape& shape,
                             Init init,
                             double scale) const;
  // The tensor of the source, on the device.
  [[nodiscard]] Tensor given(const std::string& name, const Shape& shape) const;
  Variable keep(const std::string& name, const Shape& shape, Tensor tensor, bool trained);

  std::uint64_t seed_ = 0;
  ParameterSource source_;  ///< empty: values are drawn
  DType dtype_;
  Device device_;
  std::vector<Parameter> parameters_;
};

}  // namespace elastic
