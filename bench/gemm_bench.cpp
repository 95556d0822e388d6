// The tiles' matrix products against Eigen's, on one thread.
#include <benchmark/benchmark.h>

#include <Eigen/Core>

#include "bench/random_tensor.h"
#include "tensor/cpu/gemm.h"

namespace elastic {
namespace {

using Matrix = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

void set_flops(benchmark::State& state, std::int64_t m, std::int64_t n, std::int64_t k) {
  state.counters["flops"] = benchmark::Counter(2.0 * static_cast<double>(m * n * k),
                                               benchmark::Counter::kIsIterationInvariantRate);
}

// c [m, n] = a [m, k] b [k, n], b packed beforehand as the weights of a layer are.
void packed_product(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  const Tensor a = bench::random_tensor({m, k});
  const Tensor b = bench::random_tensor({k, n});
  Tensor c = bench::random_tensor({m, n});
  Tensor packed = bench::random_tensor({cpu::packed_size<float>(k, n)});
  cpu::pack(k, n, cpu::row_major(b.data<float>(), n), packed.data<float>());
  for (auto _ : state) {
    cpu::gemm(m,
              n,
              k,
              cpu::row_major<float>(a.data<float>(), k),
              packed.data<float>(),
              c.data<float>(),
              n,
              false);
    benchmark::ClobberMemory();
  }
  set_flops(state, m, n, k);
}

// The same with b as it lies.
void unpacked_product(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  const Tensor a = bench::random_tensor({m, k});
  const Tensor b = bench::random_tensor({k, n});
  Tensor c = bench::random_tensor({m, n});
  for (auto _ : state) {
    cpu::gemm_unpacked(m,
                       n,
                       k,
                       cpu::row_major<float>(a.data<float>(), k),
                       b.data<float>(),
                       n,
                       c.data<float>(),
                       n,
                       false);
    benchmark::ClobberMemory();
  }
  set_flops(state, m, n, k);
}

// c [m, n] += a [k, m]^T b [k, n]: a weight's gradient over a tile of k tokens.
void transposed_product(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  const Tensor a = bench::random_tensor({k, m});
  const Tensor b = bench::random_tensor({k, n});
  Tensor c = bench::random_tensor({m, n});
  for (auto _ : state) {
    cpu::gemm_unpacked(m,
                       n,
                       k,
                       cpu::transposed<float>(a.data<float>(), m),
                       b.data<float>(),
                       n,
                       c.data<float>(),
                       n,
                       true);
    benchmark::ClobberMemory();
  }
  set_flops(state, m, n, k);
}

void eigen_product(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  Tensor a = bench::random_tensor({m, k});
  Tensor b = bench::random_tensor({k, n});
  Tensor c = bench::random_tensor({m, n});
  const Matrix left(a.data<float>(), m, k);
  const Matrix right(b.data<float>(), k, n);
  Matrix out(c.data<float>(), m, n);
  for (auto _ : state) {
    out.noalias() = left * right;
    benchmark::ClobberMemory();
  }
  set_flops(state, m, n, k);
}

void eigen_transposed_product(benchmark::State& state) {
  const std::int64_t m = state.range(0);
  const std::int64_t n = state.range(1);
  const std::int64_t k = state.range(2);
  Tensor a = bench::random_tensor({k, m});
  Tensor b = bench::random_tensor({k, n});
  Tensor c = bench::random_tensor({m, n});
  const Matrix left(a.data<float>(), k, m);
  const Matrix right(b.data<float>(), k, n);
  Matrix out(c.data<float>(), m, n);
  for (auto _ : state) {
    out.noalias() += left.transpose() * right;
    benchmark::ClobberMemory();
  }
  set_flops(state, m, n, k);
}

// FFN up and down, projection, dispatcher scores and sums, a square product.
void shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({64, 256, 64})->Args({64, 64, 256})->Args({64, 64, 64});
  bench->Args({64, 16, 64})->Args({64, 64, 16})->Args({8, 64, 32})->Args({1024, 1024, 1024});
}
void gradient_shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({256, 64, 64})->Args({64, 64, 64})->Args({16, 64, 64})->Args({32, 64, 8});
}
// The transposed weight [n, k] of a layer, or a sequence's expert keys.
void pack_transposed(benchmark::State& state) {
  const std::int64_t n = state.range(0);
  const std::int64_t k = state.range(1);
  const Tensor b = bench::random_tensor({n, k});
  Tensor packed = bench::random_tensor({cpu::packed_size<float>(k, n)});
  for (auto _ : state) {
    cpu::pack(k, n, cpu::transposed(b.data<float>(), k), packed.data<float>());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(b.bytes()));
}
BENCHMARK(pack_transposed)->Args({16, 64})->Args({256, 64})->Args({30, 32});
BENCHMARK(packed_product)->Apply(shapes);
BENCHMARK(unpacked_product)->Apply(shapes);
BENCHMARK(eigen_product)->Apply(shapes);
BENCHMARK(transposed_product)->Apply(gradient_shapes);
BENCHMARK(eigen_transposed_product)->Apply(gradient_shapes);

}  // namespace
}  // namespace elastic
