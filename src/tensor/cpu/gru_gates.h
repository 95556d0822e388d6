// The gates of a gated recurrent unit for rows of tokens.
#pragma once

#include <array>

#include "tensor/cpu/simd.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {

/// Blocks [rows, width] side by side in memory, each `size` elements: first the products for the
/// reset, update and new gate, later the gates themselves.
template <class T>
struct GateBlocks {
  T* reset;
  T* update;
  T* hidden;  ///< the new gate's share of the state: h weight_n^T + bias_n
  T* fresh;   ///< the new gate

  static constexpr std::int64_t kBlocks = 4;
  GateBlocks(T* base, std::int64_t size)
      : reset(base), update(base + size), hidden(base + 2 * size), fresh(base + 3 * size) {}
};

/// x[i] = 1 / (1 + exp(x[i])): the sigmoid of -x[i].
template <class T>
inline void sigmoid_of_negated(T* x, std::int64_t count) {
  exp_in_place(x, count);
  for_lanes<T>(count, [&](auto zero, std::int64_t i) {
    using V = decltype(zero);
    store(x + i, T(1) / (T(1) + load<V>(x + i)));
  });
}

/// Turns products h weight^T into gates: r = sigmoid(i_r + g_r), z = sigmoid(i_z + g_z), n =
/// tanh(i_n + r g_n), with g the product and its bias. input(row) points to a row's inputs of the
/// reset gate, `dim` before those of the update gate; `bias` likewise.
template <class T, class Input>
void gru_gates(std::int64_t rows,
               std::int64_t width,
               std::int64_t dim,
               const Input& input,
               const T* bias,
               const GateBlocks<T>& gates) {
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* in = input(i);
    T* reset = gates.reset + i * width;
    T* update = gates.update + i * width;
    for_lanes<T>(width, [&](auto zero, std::int64_t j) {
      using V = decltype(zero);
      store(reset + j, -(load<V>(in + j) + (load<V>(reset + j) + load<V>(bias + j))));
      store(update + j, -(load<V>(in + dim + j) + (load<V>(update + j) + load<V>(bias + dim + j))));
    });
  }
  sigmoid_of_negated(gates.reset, rows * width);
  sigmoid_of_negated(gates.update, rows * width);
  // tanh(x) = 2 sigmoid(2 x) - 1
  for (std::int64_t i = 0; i < rows; ++i) {
    const T* in = input(i) + 2 * dim;
    const T* reset = gates.reset + i * width;
    T* hidden = gates.hidden + i * width;
    T* fresh = gates.fresh + i * width;
    for_lanes<T>(width, [&](auto zero, std::int64_t j) {
      using V = decltype(zero);
      const V sum = load<V>(hidden + j) + load<V>(bias + 2 * dim + j);
      store(hidden + j, sum);
      store(fresh + j, T(-2) * (load<V>(in + j) + load<V>(reset + j) * sum));
    });
  }
  sigmoid_of_negated(gates.fresh, rows * width);
  for_lanes<T>(rows * width, [&](auto zero, std::int64_t j) {
    using V = decltype(zero);
    store(gates.fresh + j, T(2) * load<V>(gates.fresh + j) - T(1));
  });
}

}  // namespace elastic::cpu
