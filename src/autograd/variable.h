// Reverse-mode differentiation: variables, and the graph that an op records.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "tensor/backend.h"
#include "tensor/tensor.h"

namespace elastic {

/// A tensor in a computation, with its gradient. Copying copies a handle.
///
/// An op's result remembers its inputs and a closure that turns dL/d(result) into the inputs'
/// gradients. `backward` runs the closures once, latest first, and drops each with all it saved as
/// soon as it has run: memory falls as backward proceeds.
class Variable {
 public:
  /// Called once with dL/d(result), which it owns and may overwrite or hand on.
  using Backward = std::function<void(Tensor grad)>;

  Variable() = default;
  explicit Variable(Tensor value, bool requires_grad = false);

  [[nodiscard]] bool defined() const { return node_ != nullptr; }
  /// Whether both are handles of one variable.
  [[nodiscard]] bool is(const Variable& other) const { return node_ == other.node_; }
  [[nodiscard]] const Tensor& value() const { return node_->value; }
  [[nodiscard]] const Shape& shape() const { return value().shape(); }
  [[nodiscard]] bool requires_grad() const { return node_ != nullptr && node_->requires_grad; }

  /// The gradient, undefined until something was added.
  [[nodiscard]] const Tensor& grad() const { return node_->grad; }
  /// Adds `grad`, taking over its elements when nothing was there and nobody else holds them.
  /// Does nothing when no gradient is required.
  void add_grad(Tensor grad) const;
  /// The gradient to add into, zero at first use.
  [[nodiscard]] Tensor& grad_buffer() const;
  void clear_grad() const { node_->grad = {}; }
  /// For the optimiser and for loading weights.
  [[nodiscard]] Tensor& mutable_value() const { return node_->value; }

 private:
  struct Node {
    Tensor value;
    Tensor grad;
    bool requires_grad = false;
    std::vector<std::shared_ptr<Node>> inputs;
    Backward backward;
    ~Node();
  };
  friend Variable record(Tensor value, const std::vector<Variable>& inputs, Backward backward);
  friend void backward(const Variable& loss);

  std::shared_ptr<Node> node_;
};

/// An op's result. The closure is kept only if some input requires a gradient and recording is on.
Variable record(Tensor value, const std::vector<Variable>& inputs, Variable::Backward backward);

/// True if an op with these inputs must be able to run backward.
bool records(const std::vector<Variable>& inputs);

/// Adds dL/dx to the gradient of every variable x that requires one and that `loss` depends on.
/// `loss` has one element. The graph is consumed.
void backward(const Variable& loss);

/// While one lives, ops of this thread record nothing: evaluation and serving.
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

}  // namespace elastic
