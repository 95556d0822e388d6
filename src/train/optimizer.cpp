#include "train/optimizer.h"

#include "base/error.h"
#include "base/scope.h"
#include "tensor/kernels/adam.h"
#include "train/load_tensor.h"

namespace elastic::train {
namespace {

const std::string kFirst = "adam.first.";
const std::string kSecond = "adam.second.";

}  // namespace

bool is_moment_of(const std::string& tensor, const std::string& parameter) {
  return tensor == kFirst + parameter || tensor == kSecond + parameter;
}

Optimizer::Optimizer(const ParameterStore& parameters, const TrainConfig& config)
    : parameters_(parameters.trained()) {
  ELASTIC_CHECK(!parameters_.empty(), "a model without parameters");
  options_.weight_decay =
      config.optimizer.rule == OptimizerRule::kAdamW ? config.optimizer.weight_decay : 0.0;
  options_.clip_norm = config.optimizer.clip_norm;
  for (const Parameter& parameter : parameters_) {
    const Tensor& value = parameter.variable.value();
    first_moments_.push_back(zeros_like(value, Memory::kOptimizer));
    second_moments_.push_back(zeros_like(value, Memory::kOptimizer));
  }
  health_ = zeros({3}, DType::kFloat64, first_moments_.front().device(), Memory::kOptimizer);
}

void Optimizer::step(const Tensor& loss, double learning_rate) {
  update(loss, learning_rate, nullptr);
}

void Optimizer::step(const Tensor& loss, double learning_rate, const RowGradient& rows) {
  update(loss, learning_rate, &rows);
}

void Optimizer::update(const Tensor& loss, double learning_rate, const RowGradient* rows) {
  const OpScope scope("adam");
  std::vector<Tensor> all_grads;  // in the order of the parameters, whose names the guard reports
  std::vector<Tensor> values;
  std::vector<Tensor> grads;
  std::vector<Tensor> first_moments;
  std::vector<Tensor> second_moments;
  std::size_t by_rows = parameters_.size();
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    const Variable& variable = parameters_[i].variable;
    if (rows != nullptr && variable.is(rows->parameter)) {
      ELASTIC_CHECK(!variable.grad().defined(),
                    "a parameter with a gradient by rows and a whole gradient");
      by_rows = i;
      all_grads.push_back(rows->grad);
      continue;
    }
    all_grads.push_back(variable.grad_buffer());
    grads.push_back(all_grads.back());
    values.push_back(variable.value());
    first_moments.push_back(first_moments_[i]);
    second_moments.push_back(second_moments_[i]);
    variable.clear_grad();
  }
  ELASTIC_CHECK(rows == nullptr || by_rows < parameters_.size(),
                "rows of a parameter that is not trained");
  next_step(learning_rate);
  if (watch_) {
    watch_(rows);
  }
  run(kernels::CheckGradients{all_grads, loss, num_steps_, health_});
  if (!values.empty()) {
    run(kernels::AdamStep{.params = values,
                          .grads = grads,
                          .first_moments = first_moments,
                          .second_moments = second_moments,
                          .options = options_,
                          .health = health_});
  }
  if (rows != nullptr) {
    run(kernels::AdamStepRows{.param = rows->parameter.value(),
                              .rows = rows->rows,
                              .grad = rows->grad,
                              .first_moment = first_moments_[by_rows],
                              .second_moment = second_moments_[by_rows],
                              .options = options_,
                              .health = health_});
  }
}

const AdamOptions& Optimizer::next_step(double learning_rate) {
  options_.learning_rate = learning_rate;
  options_.step = earlier_steps_ + ++num_steps_;
  return options_;
}

void Optimizer::require_finite() const {
  const std::vector<double> health = health_.to_vector<double>();
  if (health[1] == 0.0) {
    return;
  }
  const bool loss_only = health[2] < 0.0;
  const std::string what =
      loss_only ? "the loss"
                : "the gradient of " + parameters_[static_cast<std::size_t>(health[2])].name;
  throw NotANumberError(
      "training diverged: ",
      what,
      " is not finite at step ",
      static_cast<std::int64_t>(health[1]),
      "; the checkpoint and the best model on disk are from before it. Try a smaller "
      "--learning-rate, --warmup-steps or --clip-norm");
}

std::vector<NamedTensor> Optimizer::state() const {
  std::vector<NamedTensor> result;
  for (std::size_t i = 0; i < first_moments_.size(); ++i) {
    const std::string& name = parameters_[i].name;
    result.push_back({kFirst + name, first_moments_[i]});
    result.push_back({kSecond + name, second_moments_[i]});
  }
  return result;
}

void Optimizer::load(const Safetensors& state, std::int64_t num_steps, std::int64_t earlier_steps) {
  for (auto& [name, tensor] : this->state()) {
    load_tensor(state, name, tensor);
  }
  num_steps_ = num_steps;
  earlier_steps_ = earlier_steps;
}

}  // namespace elastic::train
