#include "train/loss_meter.h"

#include "tensor/backend.h"

namespace elastic::train {
namespace {

constexpr std::int64_t kCapacity = 512;

std::vector<double> to_host(const Tensor& values) {
  if (values.dtype() == DType::kFloat64) {
    return values.to_vector<double>();
  }
  const std::vector<float> singles = values.to_vector<float>();
  return {singles.begin(), singles.end()};
}

}  // namespace

LossMeter::LossMeter(DType dtype, Device device)
    : losses_({kCapacity}, dtype, device, Memory::kOptimizer) {}

void LossMeter::add(const Tensor& loss, std::int64_t num_targets) {
  if (static_cast<std::int64_t>(targets_.size()) == kCapacity) {
    read();
  }
  const auto slot = static_cast<std::int64_t>(targets_.size());
  Tensor target = losses_.slice(slot, slot + 1);
  copy(loss.reshape({1}), target);
  targets_.push_back(num_targets);
}

void LossMeter::read() {
  if (targets_.empty()) {
    return;
  }
  const std::vector<double> means =
      to_host(losses_.slice(0, static_cast<std::int64_t>(targets_.size())));
  for (std::size_t i = 0; i < means.size(); ++i) {
    epoch.add(means[i], targets_[i]);
    recent.add(means[i], targets_[i]);
  }
  targets_.clear();
}

}  // namespace elastic::train
