#include "autograd/variable.h"

#include <unordered_set>
#include <utility>

#include "base/error.h"
#include "base/scope.h"
#include "tensor/kernels/elementwise.h"

namespace elastic {
namespace {

thread_local bool recording = true;

// Runs the closure in a scope named after that of its op, in the op's layer.
Variable::Backward in_scopes_of_op(Variable::Backward backward) {
  const std::string op = open_scope(ScopeKind::kOp);
  return [layer = open_scope(ScopeKind::kLayer),
          op = op.empty() ? op : op + " backward",
          backward = std::move(backward)](Tensor grad) {
    const LayerScope in_layer(layer.c_str());
    const OpScope in_op(op.c_str());
    backward(std::move(grad));
  };
}

}  // namespace

Variable::Variable(Tensor value, bool requires_grad) : node_(std::make_shared<Node>()) {
  node_->value = std::move(value);
  node_->requires_grad = requires_grad;
}

// Releases nodes without recursion: a chain may be too long for the stack.
Variable::Node::~Node() {
  std::vector<std::shared_ptr<Node>> pending = std::move(inputs);
  backward = nullptr;
  while (!pending.empty()) {
    const std::shared_ptr<Node> node = std::move(pending.back());
    pending.pop_back();
    if (node.use_count() == 1) {
      for (auto& input : node->inputs) {
        pending.push_back(std::move(input));
      }
      node->inputs.clear();
    }
  }
}

void Variable::add_grad(Tensor grad) const {
  if (!requires_grad()) {
    return;
  }
  require_shape(grad.shape() == shape(), "gradient ", grad.shape(), " of a value ", shape());
  if (!node_->grad.defined()) {
    node_->grad = grad.unique() ? std::move(grad) : clone(grad, Memory::kGradient);
  } else {
    run(kernels::AddTo{grad, node_->grad});
  }
}

Tensor& Variable::grad_buffer() const {
  if (!node_->grad.defined()) {
    node_->grad = zeros_like(node_->value, Memory::kGradient);
  }
  return node_->grad;
}

bool records(const std::vector<Variable>& inputs) {
  if (!recording) {
    return false;
  }
  for (const Variable& input : inputs) {
    if (input.requires_grad()) {
      return true;
    }
  }
  return false;
}

Variable record(Tensor value, const std::vector<Variable>& inputs, Variable::Backward backward) {
  Variable result(std::move(value));
  if (records(inputs)) {
    result.node_->requires_grad = true;
    result.node_->backward =
        scope_observer() == nullptr ? std::move(backward) : in_scopes_of_op(std::move(backward));
    for (const Variable& input : inputs) {
      if (input.requires_grad()) {
        result.node_->inputs.push_back(input.node_);
      }
    }
  }
  return result;
}

void backward(const Variable& loss, double weight) {
  using Node = Variable::Node;
  require_shape(loss.value().numel() == 1, "backward: expected a scalar loss, got ", loss.shape());
  if (!loss.requires_grad()) {
    return;
  }

  // Depth-first post-order without recursion: every node after its inputs.
  std::vector<std::shared_ptr<Node>> order;
  std::unordered_set<const Node*> seen{loss.node_.get()};
  std::vector<std::pair<std::shared_ptr<Node>, std::size_t>> stack{{loss.node_, 0}};
  while (!stack.empty()) {
    auto& [node, next_input] = stack.back();
    if (next_input < node->inputs.size()) {
      const std::shared_ptr<Node> input = node->inputs[next_input++];
      if (seen.insert(input.get()).second) {
        stack.emplace_back(input, 0);
      }
    } else {
      order.push_back(node);
      stack.pop_back();
    }
  }

  {
    const OpScope scope(__func__);
    Tensor start = empty_like(loss.value(), Memory::kGradient);
    fill(start, weight);
    loss.add_grad(std::move(start));
  }
  while (!order.empty()) {
    const std::shared_ptr<Node> node = std::move(order.back());
    order.pop_back();
    if (!node->backward) {
      continue;  // a leaf: its gradient stays
    }
    const Variable::Backward run = std::move(node->backward);
    node->backward = nullptr;
    node->inputs.clear();
    if (node->grad.defined()) {
      run(std::move(node->grad));
      node->grad = {};
    }
  }
}

NoGrad::NoGrad() : before_(recording) {
  recording = false;
}

NoGrad::~NoGrad() {
  recording = before_;
}

}  // namespace elastic
