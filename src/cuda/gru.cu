// A gated recurrent unit along segments, forward: the recurrence of the states. gru.cuh describes
// how blocks and warps share it.
#include "cuda/gru.cuh"
#include "tensor/kernels/gru.h"

namespace elastic::cuda {
namespace {

// The weight [3 D, D] as forward reads it.
template <class T>
__global__ void pack_forward_kernel(Gru p, const T* weight, T* packed) {
  const int stride = row_stride(p.dim);
  for (std::int64_t i = grid_thread(); i < p.forward_weight(); i += grid_size()) {
    const int row = static_cast<int>(i / stride);
    const int column = static_cast<int>(i % stride);
    const int gate = row / p.padded();
    const int unit = row % p.padded();
    const std::int64_t source = static_cast<std::int64_t>(gate * p.dim + unit) * p.dim + column;
    packed[i] = unit < p.dim && column < p.dim ? weight[source] : T(0);
  }
}
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2)
    gru_kernel(Gru p, const T* input, const T* packed, const T* bias, T* hidden) {
  __shared__ GruSequences sequences;
  const int stride = row_stride(p.dim);
  T* before = dynamic_shared<T>();
  T* after = before + tile_size(kGruRows, p.dim);
  load_gru_sequences(p, sequences);
  clear_shared(before, 2 * tile_size(kGruRows, p.dim));
  const T* weight = block_weight(p, packed, p.forward_weight(), after + tile_size(kGruRows, p.dim));
  __syncthreads();
  const std::int64_t token_stride = 3 * p.dim;
  for (int t = 0; t < sequences.length[0]; ++t) {
    for (int unit = warp_index() * kGruUnits; unit < p.dim; unit += kWarps * kGruUnits) {
      T inputs[3][4];
      bool live[4];
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const GruElement at(e, unit);
        live[e] = t < sequences.length[at.row] && at.unit < p.dim;
        if (live[e]) {
          const T* in = input + (sequences.first[at.row] + t) * token_stride + at.unit;
#pragma unroll
          for (int g = 0; g < 3; ++g) {
            inputs[g][e] = __ldg(in + g * p.dim);
          }
        }
      }
      const auto columns = [&](int gate) {
        return transposed(weight + (gate * p.padded() + unit) * stride, p.dim);
      };
      const TileView<T> states = rows_of(before, p.dim);
      const TileView<T> left[3] = {states, states, states};
      const TileView<T> right[3] = {columns(0), columns(1), columns(2)};
      T sums[3][4];
      gate_products<kTensorCores>(left, right, round_up(p.dim, 8), sums);
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (live[e]) {
          const GruElement at(e, unit);
          const GruGates<T> gates(inputs[0][e],
                                  inputs[1][e],
                                  inputs[2][e],
                                  sums[0][e] + __ldg(bias + at.unit),
                                  sums[1][e] + __ldg(bias + p.dim + at.unit),
                                  sums[2][e] + __ldg(bias + 2 * p.dim + at.unit));
          const T state =
              gates.fresh + gates.update * (before[at.row * stride + at.unit] - gates.fresh);
          after[at.row * stride + at.unit] = state;
          hidden[(sequences.first[at.row] + t) * p.dim + at.unit] = state;
        }
      }
    }
    __syncthreads();
    T* last = before;
    before = after;
    after = last;
  }
}

template <class T>
void gru_forward(const kernels::GruForward& k) {
  const char* op = k.kName;
  if (k.segments.is_planned()) {
    fill_elements(k.hidden, 0.0);  // rows after the last segment stay zero
  }
  const Gru sizes = GruPlan<T>::view(k.segments, k.hidden.cols());
  const GruPlan<T> plan(
      op, k.segments, k.hidden.cols(), 2 * tile_size(kGruRows, sizes.dim), sizes.forward_weight());
  Tensor packed = workspace<T>(sizes.forward_weight());
  launch(op,
         pack_forward_kernel<T>,
         element_grid(packed.numel()),
         plan.gru,
         k.weight.data<T>(),
         packed.data<T>());
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     gru_kernel<decltype(tensor_cores)::value, T>,
                     plan.grid,
                     kThreads,
                     plan.shared,
                     plan.gru,
                     k.input.data<T>(),
                     packed.data<T>(),
                     k.bias.data<T>(),
                     k.hidden.data<T>());
  });
}
const OnCuda gru_forward_entry{gru_forward<float>, gru_forward<double>};

}  // namespace
}  // namespace elastic::cuda
