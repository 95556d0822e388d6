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
/// gradients. `backward` runs the closures once, latest first, and frees each with its saved
/// tensors right after it has run, so that memory shrinks as backward proceeds.
class Variable {
 public:
  /// Called once with dL/d(result), which it owns and may overwrite or pass on.
  using Backward = std::function<void(Tensor grad)>;

  Variable() = default;
  explicit Variable(Tensor value, bool requires_grad = false);

  [[nodiscard]] bool defined() const { return node_ != nullptr; }
  /// Whether both are handles of the same variable.
  [[nodiscard]] bool is(const Variable& other) const { return node_ == other.node_; }
  [[nodiscard]] const Tensor& value() const { return node_->value; }
  [[nodiscard]] const Shape& shape() const { return value().shape(); }
  [[nodiscard]] bool requires_grad() const { return node_ != nullptr && node_->requires_grad; }

  /// The gradient, undefined until one is added.
  [[nodiscard]] const Tensor& grad() const { return node_->grad; }
  /// Adds `grad`; stores it without a copy if it is the first and the only handle of its elements.
  /// Does nothing if no gradient is required. Throws ShapeError if the shapes differ.
  void add_grad(Tensor grad) const;
  /// The gradient, for adding in place; zero at first use.
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
  friend void backward(const Variable& loss, double weight);

  std::shared_ptr<Node> node_;
};

/// Makes an op's result. Keeps the closure only if some input requires a gradient and recording is
/// on.
Variable record(Tensor value, const std::vector<Variable>& inputs, Variable::Backward backward);

/// Whether `record` keeps the closure of an op with these inputs.
bool records(const std::vector<Variable>& inputs);

/// Adds dL/dx to the gradient of every variable x that requires one and that `loss` depends on,
/// where L = weight * loss. Consumes the graph. Throws ShapeError unless `loss` has one element.
void backward(const Variable& loss, double weight = 1.0);

/// During its lifetime, this thread's ops record nothing: for evaluation and serving.
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
