// The fused kernels against the same computation composed of plain ones, on the threads that
// OMP_NUM_THREADS gives.
#include <benchmark/benchmark.h>

#include "bench/random_tensor.h"
#include "tensor/backend.h"

namespace elastic {
namespace {

using bench::random_tensor;

Backend& cpu_backend() {
  return backend_for(Device::kCpu);
}

void set_elements(benchmark::State& state, std::int64_t count) {
  state.SetItemsProcessed(state.iterations() * count);
}

void dropout(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0), 64});
  Tensor y = random_tensor({state.range(0), 64});
  for (auto _ : state) {
    cpu_backend().dropout(x, {0.1, 1, 2, 3}, y);
  }
  set_elements(state, x.numel());
}
BENCHMARK(dropout)->Arg(16384);

}  // namespace
}  // namespace elastic
