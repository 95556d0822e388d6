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
BENCHMARK(dropout)->Arg(64);

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

// Segments of `range` tokens, 4096 tokens in all, 2 heads of 32.
void segment_attention_gradient(benchmark::State& state) {
  const auto length = static_cast<std::int32_t>(state.range(0));
  const Segments segments = Segments::uniform(4096 / length, length, Device::kCpu);
  const std::int64_t tokens = segments.num_tokens();
  const Tensor query = random_tensor({tokens, 64});
  const AttentionLayout layout{&segments, &segments, 2, false};
  Tensor out = random_tensor({tokens, 64});
  Tensor log_sum = random_tensor({tokens, 2});
  Tensor grads[] = {
      random_tensor({tokens, 64}), random_tensor({tokens, 64}), random_tensor({tokens, 64})};
  cpu_backend().segment_attention_forward(query, query, query, layout, out, log_sum);
  for (auto _ : state) {
    cpu_backend().segment_attention_backward(
        query, query, query, layout, out, log_sum, out, grads[0], grads[1], grads[2]);
  }
  set_elements(state, tokens);
}
BENCHMARK(segment_attention_gradient)->Arg(2)->Arg(8)->Arg(31)->Arg(64)->Arg(256);

}  // namespace
}  // namespace elastic
