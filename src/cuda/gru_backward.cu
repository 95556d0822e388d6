// A gated recurrent unit, backward: the products with the states and the gradient of the weight are
// products over all tokens; the kernel runs the recurrence of dL/dh, from the last token to the
// first. gru.cuh describes how blocks and warps share it.
#include "cuda/gru.cuh"
#include "tensor/kernels/gru.h"
#include "tensor/kernels/linear.h"

namespace elastic::cuda {
namespace {

// The weight [3 D, D] as backward reads it.
template <class T>
__global__ void pack_backward_kernel(Gru p, const T* weight, T* packed) {
  const int stride = row_stride(3 * p.padded());
  for (std::int64_t i = grid_thread(); i < p.backward_weight(); i += grid_size()) {
    const int row = static_cast<int>(i / stride);
    const int column = static_cast<int>(i % stride);
    const int gate = column / p.padded();
    const int unit = column % p.padded();
    const std::int64_t source = static_cast<std::int64_t>(gate * p.dim + unit) * p.dim + row;
    packed[i] = row < p.dim && gate < 3 && unit < p.dim ? weight[source] : T(0);
  }
}

// Each token's state before it, zero for a segment's first token and after the last segment: a
// warp copies a token's.
template <class T>
__global__ void states_before_kernel(
    const std::int32_t* offsets, int batch, std::int64_t tokens, int dim, const T* hidden, T* out) {
  for (std::int64_t i = grid_warp(); i < tokens; i += grid_warps()) {
    const bool none = i >= offsets[batch] || offsets[segment_of(offsets, batch, i)] == i;
    for (int j = lane_index(); j < dim; j += kWarp) {
      out[i * dim + j] = none ? T(0) : hidden[(i - 1) * dim + j];
    }
  }
}

template <class T>
struct GruReverse {
  const T* input;
  const T* sums;    ///< h_{t-1} weight^T + bias [T, 3 D]
  const T* states;  ///< h_{t-1} [T, D]
  const T* grad_hidden;
  T* carry;       ///< dL/dh from the token after, [sequences, D] by block
  T* grad_input;  ///< [T, 3 D]
  T* grad_sums;   ///< [T, 3 D]; may be `sums`
};

// One unit at a token: with d = dL/dh_t + carry, writes d(input) and d(sums), the latter to row
// [3, padded] as well, and sets carry to d z. `last`: there is no carry.
template <class T>
__device__ __forceinline__ void unit_gradient(const Gru& p,
                                              const GruReverse<T>& args,
                                              std::int64_t token,
                                              int unit,
                                              bool last,
                                              T& carry,
                                              T* row) {
  const std::int64_t first = token * 3 * p.dim + unit;
  const std::int64_t second = first + p.dim;
  const std::int64_t third = second + p.dim;
  const T before = args.states[token * p.dim + unit];
  const T share = args.sums[third];
  const GruGates<T> gates(args.input[first],
                          args.input[second],
                          args.input[third],
                          args.sums[first],
                          args.sums[second],
                          share);
  const T grad = args.grad_hidden[token * p.dim + unit] + (last ? T(0) : carry);
  const T of_new = grad * (T(1) - gates.update) * (T(1) - gates.fresh * gates.fresh);
  const T of_update = grad * (before - gates.fresh) * gates.update * (T(1) - gates.update);
  const T of_reset = of_new * share * gates.reset * (T(1) - gates.reset);
  carry = grad * gates.update;
  args.grad_input[first] = of_reset;
  args.grad_input[second] = of_update;
  args.grad_input[third] = of_new;
  args.grad_sums[first] = of_reset;
  args.grad_sums[second] = of_update;
  args.grad_sums[third] = of_new * gates.reset;
  const int padded = p.padded();
  row[0] = of_reset;
  row[padded] = of_update;
  row[2 * padded] = of_new * gates.reset;
}

// From the last token to the first: carry = d z + d(sums) weight, with d = dL/dh_t + carry.
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2)
    gru_backward_kernel(Gru p, GruReverse<T> args, const T* packed) {
  __shared__ GruSequences sequences;
  const int padded = p.padded();
  const int stride = row_stride(3 * padded);
  T* grads = dynamic_shared<T>();
  load_gru_sequences(p, sequences);
  clear_shared(grads, tile_size(kGruRows, 3 * padded));
  const T* weight =
      block_weight(p, packed, p.backward_weight(), grads + tile_size(kGruRows, 3 * padded));
  T* carries = args.carry + static_cast<std::int64_t>(blockIdx.x) * p.rows * p.dim;
  __syncthreads();
  for (int t = sequences.length[0] - 1; t >= 0; --t) {
    for (int unit = warp_index() * kGruUnits; unit < p.dim; unit += kWarps * kGruUnits) {
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const GruElement at(e, unit);
        if (t >= sequences.length[at.row] || at.unit >= p.dim) {
          continue;
        }
        T& carry = carries[at.row * p.dim + at.unit];
        const bool last = t + 1 >= sequences.length[at.row];
        T* row = grads + at.row * stride + at.unit;
        unit_gradient(p, args, sequences.first[at.row] + t, at.unit, last, carry, row);
      }
    }
    __syncthreads();
    for (int unit = warp_index() * kGruUnits; t > 0 && unit < p.dim; unit += kWarps * kGruUnits) {
      const auto gate_of = [&](int gate) { return TileView<T>{grads + gate * padded, stride, 1}; };
      const auto columns = [&](int gate) {
        return TileView<T>{weight + unit * stride + gate * padded, 1, stride};
      };
      const TileView<T> left[3] = {gate_of(0), gate_of(1), gate_of(2)};
      const TileView<T> right[3] = {columns(0), columns(1), columns(2)};
      T sums[3][4];
      gate_products<kTensorCores>(left, right, padded, sums);
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        const GruElement at(e, unit);
        if (t < sequences.length[at.row] && at.unit < p.dim) {
          carries[at.row * p.dim + at.unit] += sums[0][e] + sums[1][e] + sums[2][e];
        }
      }
    }
    __syncthreads();
  }
}

template <class T>
void gru_backward(const kernels::GruBackward& k) {
  const char* op = k.kName;
  const std::int64_t dim = k.hidden.cols();
  const Gru sizes = GruPlan<T>::view(k.segments, dim);
  const GruPlan<T> plan(
      op, k.segments, dim, tile_size(kGruRows, 3 * sizes.padded()), sizes.backward_weight());
  Tensor states = workspace<T>(k.hidden.numel()).reshape(k.hidden.shape());
  launch(op,
         states_before_kernel<T>,
         dim3(std::min(blocks_of(k.hidden.rows(), kWarps), 1U << 16)),
         plan.gru.offsets,
         plan.gru.batch,
         k.hidden.rows(),
         plan.gru.dim,
         k.hidden.data<T>(),
         states.data<T>());
  Tensor sums = workspace<T>(k.input.numel()).reshape(k.input.shape());
  call(kernels::LinearForward{states, k.weight, k.bias, sums});
  Tensor grad_sums = sums;
  if (k.segments.is_planned()) {  // zero gradient after the last segment
    grad_sums = workspace<T>(k.input.numel()).reshape(k.input.shape());
    fill_elements(grad_sums, 0.0);
    fill_elements(k.grad_input, 0.0);
  }
  Tensor packed = workspace<T>(sizes.backward_weight());
  launch(op,
         pack_backward_kernel<T>,
         element_grid(packed.numel()),
         plan.gru,
         k.weight.data<T>(),
         packed.data<T>());
  Tensor carry = workspace<T>(static_cast<std::int64_t>(plan.grid.x) * plan.gru.rows * dim);
  const GruReverse<T> args{k.input.data<T>(),
                           sums.data<T>(),
                           states.data<T>(),
                           k.grad_hidden.data<T>(),
                           carry.data<T>(),
                           k.grad_input.data<T>(),
                           grad_sums.data<T>()};
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     gru_backward_kernel<decltype(tensor_cores)::value, T>,
                     plan.grid,
                     kThreads,
                     plan.shared,
                     plan.gru,
                     args,
                     packed.data<T>());
  });
  call(kernels::LinearBackward{states, k.weight, grad_sums, nullptr, &k.grad_weight, &k.grad_bias});
}
const OnCuda gru_backward_entry{gru_backward<float>, gru_backward<double>};

}  // namespace
}  // namespace elastic::cuda
