#include "model/subkey_balance.h"

#include <vector>

#include "base/scope.h"
#include "tensor/kernels/elementwise.h"

namespace elastic {
namespace {

// How often the experts [B, k] use each sub-key [M, 2, S], M heads side by side.
std::vector<std::int64_t> loads_of(const Tensor& chosen, const Shape& shape) {
  const auto subkeys = static_cast<std::size_t>(shape[2]);
  const auto columns = static_cast<std::size_t>(chosen.cols());
  const std::size_t per_head = columns / static_cast<std::size_t>(shape[0]);
  std::vector<std::int64_t> loads(static_cast<std::size_t>(shape.numel()), 0);
  const std::vector<std::int32_t> experts = chosen.to_vector<std::int32_t>();
  for (std::size_t i = 0; i < experts.size(); ++i) {
    const std::size_t first = i % columns / per_head * 2 * subkeys;
    const auto expert = static_cast<std::size_t>(experts[i]);
    ++loads[first + expert / subkeys];
    ++loads[first + subkeys + expert % subkeys];
  }
  return loads;
}

template <class T>
Tensor steps(const std::vector<std::int64_t>& loads,
             std::int64_t sum_of_half,
             const Tensor& bias,
             double step) {
  const std::int64_t subkeys = bias.shape()[2];
  std::vector<T> values;
  for (const std::int64_t load : loads) {
    const std::int64_t missing = sum_of_half - load * subkeys;  // the mean less the load, times S
    values.push_back(static_cast<T>(missing > 0 ? step : missing < 0 ? -step : 0.0));
  }
  return Tensor::from(values, bias.shape(), bias.device());
}

}  // namespace

SubkeyBalance::SubkeyBalance(ParameterStore& store,
                             const std::string& name,
                             const RetrievalOptions& options)
    : bias_(store.add_buffer(name, {options.heads, 2, options.pool_subkeys}, Init::kZeros)),
      step_(options.balance) {}

void SubkeyBalance::update(const Tensor& chosen) const {
  if (!bias_.defined()) {
    return;
  }
  const OpScope scope("subkey_balance");
  Tensor& bias = bias_.mutable_value();
  const std::vector<std::int64_t> loads = loads_of(chosen, bias.shape());
  const std::int64_t sum_of_half = chosen.numel() / bias.shape()[0];
  run(kernels::AddTo{bias.dtype() == DType::kFloat64
                         ? steps<double>(loads, sum_of_half, bias, step_)
                         : steps<float>(loads, sum_of_half, bias, step_),
                     bias});
}

}  // namespace elastic
