// Single kernels, and fused ops compared with the same computation composed of plain ops.
// OMP_NUM_THREADS sets the number of threads.
#include <benchmark/benchmark.h>

#include "autograd/ops/aggregate.h"
#include "autograd/ops/dispatch.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/ffn.h"
#include "autograd/ops/gelu.h"
#include "autograd/ops/layer_norm.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/linear_attention.h"
#include "autograd/ops/linear_cross_entropy.h"
#include "autograd/ops/map_attention.h"
#include "autograd/ops/project_tokens.h"
#include "autograd/ops/segment_attention.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/sum.h"
#include "bench/random_tensor.h"
#include "tensor/backend.h"
#include "tensor/cpu/code_bounds.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/simd.h"
#include "tensor/kernels/dropout.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/gelu.h"
#include "tensor/kernels/layer_norm.h"
#include "tensor/kernels/ranking.h"
#include "tensor/kernels/segment_attention.h"
#include "tensor/kernels/token_softmax.h"
#include "tensor/kernels/unit_elu.h"

namespace elastic {
namespace {

using bench::random_tensor;

void set_elements(benchmark::State& state, std::int64_t count) {
  state.SetItemsProcessed(state.iterations() * count);
}

void dropout(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0), 64});
  Tensor y = random_tensor({state.range(0), 64});
  for (auto _ : state) {
    run(kernels::ApplyDropout{x, {0.1, 1, 2, 3}, y});
  }
  set_elements(state, x.numel());
}
BENCHMARK(dropout)->Arg(64);

// Reads a catalogue once with all threads: the least time of a question that reads all of it.
void read_table(benchmark::State& state) {
  const Tensor table = random_tensor({state.range(0) + 1, 64});
  const auto* values = table.data<float>();
  const cpu::Tiles parts{table.numel(), std::int64_t{1} << 18};
  std::vector<float> largest(static_cast<std::size_t>(parts.count()));
  for (auto _ : state) {
    cpu::parallel_for(parts.count(), cpu::kParallelWork, [&](std::int64_t part) {
      using Floats = cpu::Vector<float>;
      Floats most[4] = {};
      for (std::int64_t i = parts.begin(part); i + 4 * cpu::kLanes<float> <= parts.end(part);
           i += 4 * cpu::kLanes<float>) {
        for (int v = 0; v < 4; ++v) {
          most[v] =
              cpu::larger(most[v], cpu::load<Floats>(values + i + v * cpu::kLanes<float>));
        }
      }
      largest[static_cast<std::size_t>(part)] =
          cpu::larger(cpu::larger(most[0], most[1]), cpu::larger(most[2], most[3]))[0];
    });
    benchmark::DoNotOptimize(largest.data());
    benchmark::ClobberMemory();
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(table.bytes()));
}
BENCHMARK(read_table)->Arg(1000000)->UseRealTime();

// The best ten of a catalogue for `rows` questions; bytes: the table, read once.
void top_k(benchmark::State& state, bool coded) {
  const std::int64_t rows = state.range(0);
  const std::int64_t items = state.range(1);
  const Tensor hidden = random_tensor({rows, 64});
  const Tensor table = random_tensor({items + 1, 64});
  const Segments excluded;
  const Tensor excluded_ids;
  Tensor ids({rows, 10}, DType::kInt32, Device::kCpu);
  Tensor scores({rows, 10}, DType::kFloat32, Device::kCpu);
  const ItemCodes codes = coded ? encode_items(table) : ItemCodes{};
  for (auto _ : state) {
    run(kernels::TopK{hidden, table, excluded, excluded_ids, ids, scores, codes});
  }
  state.SetBytesProcessed(state.iterations() * items * 64 * 4);
}
// The same by codes.
void top_k_by_codes(benchmark::State& state, cpu::ByteUnit unit) {
  if (!cpu::has_byte_unit(unit)) {
    state.SkipWithError("not on this CPU");
    return;
  }
  const cpu::ByteUnit before = cpu::byte_unit();
  cpu::set_byte_unit(unit);
  top_k(state, true);
  cpu::set_byte_unit(before);
}

void catalogues(benchmark::internal::Benchmark* bench) {
  for (const std::int64_t items : {10000, 100000, 1000000}) {
    bench->Args({1, items})->Args({4, items})->Args({16, items});
  }
  bench->Args({64, 1000000})->Args({1024, 10000})->UseRealTime()->Unit(benchmark::kMicrosecond);
}
BENCHMARK_CAPTURE(top_k, float32, false)->Apply(catalogues);
BENCHMARK_CAPTURE(top_k_by_codes, avx512_vnni, cpu::ByteUnit::kAvx512Vnni)->Apply(catalogues);
BENCHMARK_CAPTURE(top_k_by_codes, avx_vnni, cpu::ByteUnit::kAvxVnni)->Apply(catalogues);
BENCHMARK_CAPTURE(top_k_by_codes, portable, cpu::ByteUnit::kPortable)->Apply(catalogues);

void encode_items(benchmark::State& state) {
  const Tensor table = random_tensor({state.range(0) + 1, 64});
  for (auto _ : state) {
    benchmark::DoNotOptimize(elastic::encode_items(table).code_norm);
  }
  set_elements(state, state.range(0));
}
BENCHMARK(encode_items)->Arg(1000000)->Unit(benchmark::kMillisecond);

void gelu(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0)});
  Tensor y = random_tensor({state.range(0)});
  for (auto _ : state) {
    run(kernels::GeluForward{x, y});
  }
  set_elements(state, x.numel());
}
BENCHMARK(gelu)->Arg(16384);

void gelu_gradient(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0)});
  const Tensor grad = random_tensor({state.range(0)});
  Tensor grad_x = random_tensor({state.range(0)});
  for (auto _ : state) {
    run(kernels::GeluBackward{x, grad, grad_x});
  }
  set_elements(state, x.numel());
}
BENCHMARK(gelu_gradient)->Arg(16384);

void layer_norm(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0), 64});
  const Norm norm{random_tensor({64}), random_tensor({64})};
  Tensor y = random_tensor({state.range(0), 64});
  for (auto _ : state) {
    run(kernels::LayerNormForward{x, norm, y});
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
    run(kernels::LayerNormBackward{x, norm, grad, grad_x, norm_grad});
  }
  set_elements(state, x.rows());
}
BENCHMARK(layer_norm_gradient)->Arg(512);

void unit_elu(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0), 32});
  Tensor y = random_tensor({state.range(0), 32});
  for (auto _ : state) {
    run(kernels::UnitEluForward{x, y});
  }
  set_elements(state, x.numel());
}
BENCHMARK(unit_elu)->Arg(512);

void unit_elu_gradient(benchmark::State& state) {
  const Tensor x = random_tensor({state.range(0), 32});
  const Tensor grad = random_tensor({state.range(0), 32});
  Tensor grad_x = random_tensor({state.range(0), 32});
  for (auto _ : state) {
    run(kernels::UnitEluBackward{x, grad, grad_x});
  }
  set_elements(state, x.numel());
}
BENCHMARK(unit_elu_gradient)->Arg(512);

// Segments of `range` tokens, 4096 tokens of 64 columns in all.
void token_softmax(benchmark::State& state) {
  const auto length = static_cast<std::int32_t>(state.range(0));
  const Segments segments = Segments::uniform(4096 / length, length, Device::kCpu);
  const Tensor x = random_tensor({4096, 64});
  Tensor y = random_tensor({4096, 64});
  for (auto _ : state) {
    run(kernels::TokenSoftmaxForward{x, segments, y});
  }
  set_elements(state, x.numel());
}
BENCHMARK(token_softmax)->Arg(8)->Arg(256)->Arg(4096);

void token_softmax_gradient(benchmark::State& state) {
  const auto length = static_cast<std::int32_t>(state.range(0));
  const Segments segments = Segments::uniform(4096 / length, length, Device::kCpu);
  const Tensor y = random_tensor({4096, 64});
  const Tensor grad = random_tensor({4096, 64});
  Tensor grad_x = random_tensor({4096, 64});
  for (auto _ : state) {
    run(kernels::TokenSoftmaxBackward{y, segments, grad, grad_x});
  }
  set_elements(state, y.numel());
}
BENCHMARK(token_softmax_gradient)->Arg(8)->Arg(256)->Arg(4096);

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
  run(kernels::SegmentAttentionForward{.query = query,
                                       .key = query,
                                       .value = query,
                                       .layout = layout,
                                       .out = out,
                                       .log_sum = log_sum});
  for (auto _ : state) {
    run(kernels::SegmentAttentionBackward{.query = query,
                                          .key = query,
                                          .value = query,
                                          .layout = layout,
                                          .out = out,
                                          .log_sum = log_sum,
                                          .grad_out = out,
                                          .grad_query = grads[0],
                                          .grad_key = grads[1],
                                          .grad_value = grads[2]});
  }
  set_elements(state, tokens);
}
BENCHMARK(segment_attention_gradient)->Arg(2)->Arg(8)->Arg(31)->Arg(64)->Arg(256);

// --- fused against composed, forward and backward ------------------------------------------------

constexpr std::int64_t kTokens = 8192;
constexpr std::int64_t kDim = 64;
constexpr std::int64_t kHidden = 256;
constexpr std::int64_t kExperts = 8;
constexpr std::int64_t kHeads = 2;
constexpr Dropout kDropout{0.1, 1, 2, 3};

// Small values, like trained weights: large ones saturate every softmax.
Variable parameter(const Shape& shape) {
  Tensor value = random_tensor(shape);
  run(kernels::Scale{value, 0.1, value});
  return Variable(value, /*requires_grad=*/true);
}

// Times forward and backward of sum(function()).
template <class Function>
void time_step(benchmark::State& state, std::int64_t items, const Function& function) {
  for (auto _ : state) {
    backward(ops::sum(function()));
  }
  set_elements(state, items);
}

struct Layer {
  Variable x = parameter({kTokens, kDim});
  ops::NormVariables norm{parameter({kDim}), parameter({kDim})};
  ops::FfnVariables ffn{norm,
                        parameter({kHidden, kDim}),
                        parameter({kHidden}),
                        parameter({kDim, kHidden}),
                        parameter({kDim})};
};

void ffn_fused(benchmark::State& state) {
  const Layer layer;
  time_step(state, kTokens, [&] { return ops::ffn(layer.x, layer.ffn, kDropout); });
}
void ffn_composed(benchmark::State& state) {
  const Layer layer;
  time_step(state, kTokens, [&] {
    const Variable hidden = ops::gelu(
        ops::linear(ops::layer_norm(layer.x, layer.norm), layer.ffn.up_weight, layer.ffn.up_bias));
    return ops::add(
        layer.x,
        ops::dropout(ops::linear(hidden, layer.ffn.down_weight, layer.ffn.down_bias), kDropout));
  });
}
BENCHMARK(ffn_fused)->Unit(benchmark::kMicrosecond);
BENCHMARK(ffn_composed)->Unit(benchmark::kMicrosecond);

// Tokens and experts of one sequence, with absorbed projections and with projected tokens.
void aggregate_absorbed(benchmark::State& state) {
  const Layer layer;
  const Segments segments = Segments::uniform(1, kTokens, Device::kCpu);
  const Variable query = parameter({1, kHeads, kExperts, kDim});
  time_step(state, kTokens, [&] {
    return ops::dispatcher_aggregate(layer.x, layer.norm, query, segments);
  });
}
void aggregate_plain(benchmark::State& state) {
  const Layer layer;
  const Segments segments = Segments::uniform(1, kTokens, Device::kCpu);
  const Segments experts = Segments::uniform(1, kExperts, Device::kCpu);
  const Variable query = parameter({kExperts, kDim});
  const Variable key = parameter({kDim, kDim});
  const Variable value = parameter({kDim, kDim});
  time_step(state, kTokens, [&] {
    const Variable z = ops::layer_norm(layer.x, layer.norm);
    return ops::segment_attention(
        query, ops::linear(z, key), ops::linear(z, value), experts, segments, {kHeads, false});
  });
}
BENCHMARK(aggregate_absorbed)->Unit(benchmark::kMicrosecond);
BENCHMARK(aggregate_plain)->Unit(benchmark::kMicrosecond);

void dispatch_absorbed(benchmark::State& state) {
  const Layer layer;
  const Segments segments = Segments::uniform(1, kTokens, Device::kCpu);
  const Variable key = parameter({1, kHeads, kExperts, kDim});
  const Variable bias = parameter({kDim});
  time_step(state, kTokens, [&] {
    return ops::dispatcher_dispatch(layer.x, layer.norm, key, key, bias, segments, kDropout);
  });
}
void dispatch_plain(benchmark::State& state) {
  const Layer layer;
  const Segments segments = Segments::uniform(1, kTokens, Device::kCpu);
  const Segments experts = Segments::uniform(1, kExperts, Device::kCpu);
  const Variable key = parameter({kExperts, kDim});
  const Variable query = parameter({kDim, kDim});
  const Variable output = parameter({kDim, kDim});
  const Variable bias = parameter({kDim});
  time_step(state, kTokens, [&] {
    const Variable z = ops::layer_norm(layer.x, layer.norm);
    const Variable mixed =
        ops::segment_attention(ops::linear(z, query), key, key, segments, experts, {kHeads, false});
    return ops::linear_residual(mixed, output, bias, layer.x, kDropout);
  });
}
BENCHMARK(dispatch_absorbed)->Unit(benchmark::kMicrosecond);
BENCHMARK(dispatch_plain)->Unit(benchmark::kMicrosecond);

// Causal attention over sequences of `range` tokens, without and with the stored map.
template <Variable (*Attention)(const Variable&,
                                const Variable&,
                                const Variable&,
                                const Segments&,
                                const Segments&,
                                const ops::AttentionShape&)>
void causal_attention(benchmark::State& state) {
  const Layer layer;
  const auto length = static_cast<std::int32_t>(state.range(0));
  const Segments segments = Segments::uniform(kTokens / length, length, Device::kCpu);
  time_step(state, kTokens, [&] {
    return Attention(layer.x, layer.x, layer.x, segments, segments, {kHeads, true});
  });
}
void attention_tiled(benchmark::State& state) {
  causal_attention<ops::segment_attention>(state);
}
void attention_stored_map(benchmark::State& state) {
  causal_attention<ops::map_attention>(state);
}
BENCHMARK(attention_tiled)->Arg(64)->Arg(1024)->Unit(benchmark::kMicrosecond);
BENCHMARK(attention_stored_map)->Arg(64)->Arg(1024)->Unit(benchmark::kMicrosecond);

// Mixers linear in the length, on the same sequences: attention without softmax, and a
// projection along the sequence.
template <class Op>
void along_sequences(benchmark::State& state, const Op& op) {
  const Layer layer;
  const auto length = static_cast<std::int32_t>(state.range(0));
  const Segments segments = Segments::uniform(kTokens / length, length, Device::kCpu);
  time_step(state, kTokens, [&] { return op(layer.x, segments); });
}
void linear_attention(benchmark::State& state) {
  along_sequences(state, [](const Variable& x, const Segments& segments) {
    return ops::linear_attention(x, x, x, segments, segments, kHeads);
  });
}
void project_tokens(benchmark::State& state) {
  const Variable projection = parameter({kExperts, state.range(0)});
  along_sequences(state, [&](const Variable& x, const Segments& segments) {
    return ops::project_tokens(x, projection, segments);
  });
}
BENCHMARK(linear_attention)->Arg(64)->Arg(1024)->Arg(8192)->Unit(benchmark::kMicrosecond);
BENCHMARK(project_tokens)->Arg(64)->Arg(1024)->Arg(8192)->Unit(benchmark::kMicrosecond);

// The loss over 3,416 items: by slabs, with all items and with those that 64 targets each of 16
// users had not had, and with logits and probabilities stored.
void cross_entropy(benchmark::State& state, const RowLists& excluded) {
  const Variable hidden = parameter({1024, kDim});
  const Variable table = parameter({3417, kDim});
  Tensor targets({1024}, DType::kInt32, Device::kCpu);
  fill(targets, 7.0);
  time_step(state, 1024, [&] {
    return ops::linear_cross_entropy(hidden, table, targets, excluded);
  });
}
void cross_entropy_fused(benchmark::State& state) {
  cross_entropy(state, {});
}
void cross_entropy_unseen(benchmark::State& state) {
  constexpr std::int32_t kEvents = 300;
  std::vector<std::int32_t> ids;
  for (std::int32_t i = 0; i < 16 * kEvents; ++i) {
    ids.push_back(1 + i * 1009 % 3416);
  }
  std::vector<std::int32_t> begins;
  std::vector<std::int32_t> counts;
  for (std::int32_t row = 0; row < 1024; ++row) {
    begins.push_back(row / 64 * kEvents);
    counts.push_back(kEvents - 64 + row % 64);
  }
  cross_entropy(state,
                {Tensor::from(ids, {16 * kEvents}, Device::kCpu),
                 Tensor::from(begins, {1024}, Device::kCpu),
                 Tensor::from(counts, {1024}, Device::kCpu)});
}
void cross_entropy_stored_logits(benchmark::State& state) {
  const Variable hidden = parameter({1024, kDim});
  const Variable table = parameter({3417, kDim});
  time_step(state, 1024, [&] { return ops::softmax(ops::linear(hidden, table)); });
}
BENCHMARK(cross_entropy_fused)->Unit(benchmark::kMicrosecond);
BENCHMARK(cross_entropy_unseen)->Unit(benchmark::kMicrosecond);
BENCHMARK(cross_entropy_stored_logits)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace elastic
