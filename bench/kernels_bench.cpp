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

void gelu(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0)});
  Tensor y = random_tensor({state.range(0)});
  for (auto _ : state) {
    cpu_backend().gelu_forward(x, y);
  }
  set_elements(state, x.numel());
}
BENCHMARK(gelu)->Arg(16384);

void gelu_gradient(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0)});
  const Tensor grad = random_tensor({state.range(0)});
  Tensor grad_x = random_tensor({state.range(0)});
  for (auto _ : state) {
    cpu_backend().gelu_backward(x, grad, grad_x);
  }
  set_elements(state, x.numel());
}
BENCHMARK(gelu_gradient)->Arg(16384);

void layer_norm(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0), 64});
  const Norm norm{random_tensor({64}), random_tensor({64})};
  Tensor y = random_tensor({state.range(0), 64});
  for (auto _ : state) {
    cpu_backend().layer_norm_forward(x, norm, y);
  }
  set_elements(state, x.rows());
}
BENCHMARK(layer_norm)->Arg(512);

void layer_norm_gradient(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0), 64});
  const Tensor grad = random_tensor({state.range(0), 64});
  const Norm norm{random_tensor({64}), random_tensor({64})};
  NormGrad norm_grad{random_tensor({64}), random_tensor({64})};
  Tensor grad_x = random_tensor({state.range(0), 64});
  for (auto _ : state) {
    cpu_backend().layer_norm_backward(x, norm, grad, grad_x, norm_grad);
  }
  set_elements(state, x.rows());
}
BENCHMARK(layer_norm_gradient)->Arg(512);

}  // namespace
}  // namespace elastic
