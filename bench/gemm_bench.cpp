// Matrix products of tiles compared with Eigen, on one thread.
#include <benchmark/benchmark.h>

#include <Eigen/Core>

#include "bench/random_tensor.h"
#include "tensor/cpu/bf16_unit.h"
#include "tensor/cpu/gemm.h"

namespace elastic {
namespace {

using Matrix = Eigen::Map<Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>>;

// Operands of a product [m, k] x [k, n]; the arguments of the benchmark are m, n, k.
struct Product {
  explicit Product(const benchmark::State& state)
      : m(state.range(0)),
        n(state.range(1)),
        k(state.range(2)),
        a(bench::random_tensor({m * k})),
        b(bench::random_tensor({k, n})),
        c(bench::random_tensor({m, n})) {}

  void set_flops(benchmark::State& state) const {
    state.counters["flops"] = benchmark::Counter(2.0 * static_cast<double>(m * n * k),
                                                 benchmark::Counter::kIsIterationInvariantRate);
  }

  std::int64_t m, n, k;
  Tensor a;  ///< [m, k], or [k, m] for transposed products
  Tensor b, c;
};

// c = a b with b packed in advance, like the weights of a layer.
void packed_product(benchmark::State& state) {
  Product p(state);
  Tensor packed = bench::random_tensor({cpu::packed_size<float>(p.k, p.n)});
  cpu::pack(p.k, p.n, cpu::row_major<float>(p.b.data<float>(), p.n), packed.data<float>());
  for (auto _ : state) {
    cpu::gemm(p.m,
              p.n,
              p.k,
              cpu::row_major<float>(p.a.data<float>(), p.k),
              packed.data<float>(),
              p.c.data<float>(),
              p.n,
              false);
    benchmark::ClobberMemory();
  }
  p.set_flops(state);
}

// c = a b without packing, or c += a^T b: the gradient of a weight over a tile of k tokens.
template <bool Transposed>
void unpacked(benchmark::State& state) {
  Product p(state);
  const float* a = p.a.data<float>();
  for (auto _ : state) {
    cpu::gemm_unpacked(p.m,
                       p.n,
                       p.k,
                       Transposed ? cpu::transposed<float>(a, p.m) : cpu::row_major<float>(a, p.k),
                       p.b.data<float>(),
                       p.n,
                       p.c.data<float>(),
                       p.n,
                       Transposed);
    benchmark::ClobberMemory();
  }
  p.set_flops(state);
}
void unpacked_product(benchmark::State& state) {
  unpacked<false>(state);
}
void transposed_product(benchmark::State& state) {
  unpacked<true>(state);
}

// The same with factors in bfloat16.
void rounded(benchmark::State& state,
             cpu::Bf16Unit unit,
             void (*product)(benchmark::State&)) {
  if (!cpu::has_bf16_unit(unit)) {
    state.SkipWithError("not on this CPU");
    return;
  }
  cpu::set_bf16_unit(unit);
  product(state);
  cpu::set_bf16_unit(cpu::Bf16Unit::kNone);
}

void eigen_product(benchmark::State& state) {
  Product p(state);
  const Matrix a(p.a.data<float>(), p.m, p.k);
  const Matrix b(p.b.data<float>(), p.k, p.n);
  Matrix c(p.c.data<float>(), p.m, p.n);
  for (auto _ : state) {
    c.noalias() = a * b;
    benchmark::ClobberMemory();
  }
  p.set_flops(state);
}

void eigen_transposed_product(benchmark::State& state) {
  Product p(state);
  const Matrix a(p.a.data<float>(), p.k, p.m);
  const Matrix b(p.b.data<float>(), p.k, p.n);
  Matrix c(p.c.data<float>(), p.m, p.n);
  for (auto _ : state) {
    c.noalias() += a.transpose() * b;
    benchmark::ClobberMemory();
  }
  p.set_flops(state);
}

// Shapes of FFN up and down, projection, dispatcher scores and sums, and a square product.
void shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({64, 256, 64})->Args({64, 64, 256})->Args({64, 64, 64});
  bench->Args({64, 16, 64})->Args({64, 64, 16})->Args({8, 64, 32})->Args({1024, 1024, 1024});
}
void gradient_shapes(benchmark::internal::Benchmark* bench) {
  bench->Args({256, 64, 64})->Args({64, 64, 64})->Args({16, 64, 64})->Args({32, 64, 8});
}
// Packs the transposed weight [n, k] of a layer, or the expert keys of a sequence.
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
BENCHMARK_CAPTURE(rounded, packed_amx, cpu::Bf16Unit::kAmx, packed_product)->Apply(shapes);
BENCHMARK_CAPTURE(rounded, packed_avx512, cpu::Bf16Unit::kAvx512, packed_product)->Apply(shapes);
BENCHMARK(eigen_product)->Apply(shapes);
BENCHMARK(transposed_product)->Apply(gradient_shapes);
BENCHMARK_CAPTURE(rounded, transposed_amx, cpu::Bf16Unit::kAmx, transposed_product)
    ->Apply(gradient_shapes);
BENCHMARK_CAPTURE(rounded, transposed_avx512, cpu::Bf16Unit::kAvx512, transposed_product)
    ->Apply(gradient_shapes);
BENCHMARK(eigen_transposed_product)->Apply(gradient_shapes);

}  // namespace
}  // namespace elastic
