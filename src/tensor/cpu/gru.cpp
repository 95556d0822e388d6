// A gated recurrent unit along segments. Sequences of about the same length advance together, so
// that a step is a product of matrices. With fewer sequences than threads, the threads share the
// units of each step.
#include "tensor/kernels/gru.h"

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/gru_gates.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/sequence_tiles.h"
#include "tensor/cpu/tile.h"

namespace elastic::cpu {
namespace {

// The three gates' weights [D, D] each, transposed and packed one by one: a range of units is then
// a range of panels in each.
template <class T>
class PackedGates {
 public:
  PackedGates(const T* weight, std::int64_t dim)
      : dim_(dim), size_(packed_size<T>(dim, dim)), packed_(workspace<T>(3 * size_)) {
    for (std::int64_t gate = 0; gate < 3; ++gate) {
      pack(dim,
           dim,
           transposed(weight + gate * dim * dim, dim),
           packed_.template data<T>() + gate * size_);
    }
  }

  /// Writes the gates' products with states [rows, D], for some units only, into the gates' blocks.
  void multiply(const T* states, std::int64_t rows, Units units, const GateBlocks<T>& out) const {
    const T* panels = packed_.template data<T>() + units.begin * dim_;
    for (T* block : {out.reset, out.update, out.hidden}) {
      gemm(rows, units.count(), dim_, row_major(states, dim_), panels, block, units.count(), false);
      panels += size_;
    }
  }

 private:
  std::int64_t dim_;
  std::int64_t size_;
  Tensor packed_;
};

template <class T>
void forward(const kernels::GruForward& k) {
  const std::int64_t dim = k.hidden.cols();
  const PackedGates<T> packed(k.weight.data<T>(), dim);
  const SequenceTiles sequences(k.segments, dim);
  const std::int64_t size = sequences.tile_rows() * dim;
  const ThreadScratch<T> gate_scratch(GateBlocks<T>::kBlocks * size);
  const ThreadScratch<T> state_scratch(2 * size);  // before and after a step, alternating
  const T* in = k.input.data<T>();
  T* out = k.hidden.data<T>();

  for_each_tile(sequences, state_scratch, [&](const SequenceTile& tile, T* states) {
    const Units units = tile.units;
    const GateBlocks<T> gates(gate_scratch.get(), tile.rows * units.count());
    T* before = states;
    T* after = states + size;
    for (std::int64_t i = 0; i < tile.rows; ++i) {
      fill_zero(before + i * dim + units.begin, units.count());
    }
    std::int64_t rows = tile.rows;
    for (std::int64_t t = 0; (rows = tile.active(rows, t)) > 0; ++t) {
      tile.wait();
      packed.multiply(before, rows, units, gates);
      gru_gates(
          rows,
          units.count(),
          dim,
          [&](std::int64_t i) { return in + tile.token(i, t) * 3 * dim + units.begin; },
          k.bias.data<T>() + units.begin,
          gates);
      for (std::int64_t i = 0; i < rows; ++i) {
        const T* update = gates.update + i * units.count();
        const T* fresh = gates.fresh + i * units.count();
        const T* old_state = before + i * dim + units.begin;
        T* new_state = after + i * dim + units.begin;
        T* result = out + tile.token(i, t) * dim + units.begin;
        for_lanes<T>(units.count(), [&](auto zero, std::int64_t j) {
          using V = decltype(zero);
          const V n = load<V>(fresh + j);
          const V h = n + load<V>(update + j) * (load<V>(old_state + j) - n);
          store(new_state + j, h);
          store(result + j, h);
        });
      }
      std::swap(before, after);
    }
  });
}

// Copies the states before tokens begin..begin + rows - 1; zero before a segment's first token.
template <class T>
void states_before(const T* hidden,
                   const Segments& segments,
                   std::int64_t begin,
                   std::int64_t rows,
                   std::int64_t dim,
                   T* out) {
  const std::int64_t lacking = begin == 0 ? 1 : 0;
  std::copy(
      hidden + (begin - 1 + lacking) * dim, hidden + (begin - 1 + rows) * dim, out + lacking * dim);
  const std::vector<std::int32_t>& starts = segments.host();
  for (auto start = std::lower_bound(starts.begin(), starts.end(), begin);
       start != starts.end() && *start < begin + rows;
       ++start) {
    fill_zero(out + (*start - begin) * dim, dim);
  }
}

// Computes the factors of dL/dh_t in the gradients, for all tokens at once. Writes to `factors` [T,
// 3 D] those of the gates' inputs, c_r = c_n g_n r (1 - r), c_z = (h_{t-1} - n) z (1 - z), c_n = (1
// - z) (1 - n^2), and to `reset_update` [T, 2 D] the gates r and z.
template <class T>
void gate_factors(const Tensor& input,
                  const Tensor& weight,
                  const Tensor& bias,
                  const Segments& segments,
                  const Tensor& hidden,
                  Tensor& factors,
                  T* reset_update) {
  const std::int64_t dim = hidden.cols();
  const PackedGates<T> packed(weight.data<T>(), dim);
  const std::int64_t size = kTokenTile * dim;
  const ThreadScratch<T> scratch((1 + GateBlocks<T>::kBlocks) * size);
  const Tiles tiles = token_tiles(hidden.rows());
  const double work = product_work(hidden.rows(), 3, dim, dim);
  parallel_for(tiles.count(), work, [&](std::int64_t tile) {
    const std::int64_t begin = tiles.begin(tile);
    const std::int64_t rows = tiles.end(tile) - begin;
    T* before = scratch.get();
    const GateBlocks<T> gates(before + size, size);
    states_before(hidden.data<T>(), segments, begin, rows, dim, before);
    packed.multiply(before, rows, {0, dim}, gates);
    const T* in = input.data<T>() + begin * 3 * dim;
    gru_gates(
        rows, dim, dim, [&](std::int64_t i) { return in + i * 3 * dim; }, bias.data<T>(), gates);
    for (std::int64_t i = 0; i < rows; ++i) {
      T* factor = factors.data<T>() + (begin + i) * 3 * dim;
      T* kept = reset_update + (begin + i) * 2 * dim;
      for_lanes<T>(dim, [&](auto zero, std::int64_t j) {
        using V = decltype(zero);
        const std::int64_t at = i * dim + j;
        const V r = load<V>(gates.reset + at);
        const V z = load<V>(gates.update + at);
        const V n = load<V>(gates.fresh + at);
        const V of_new = (T(1) - z) * (T(1) - n * n);
        store(factor + j, of_new * load<V>(gates.hidden + at) * r * (T(1) - r));
        store(factor + dim + j, (load<V>(before + at) - n) * z * (T(1) - z));
        store(factor + 2 * dim + j, of_new);
        store(kept + j, r);
        store(kept + dim + j, z);
      });
    }
  });
}

// dL/dh from the last token to the first: with d = dL/dh_t + carry, grad_input = factors d in
// place, and carry = d z + [d_r, d_z, d_n r] weight.
template <class T>
void reverse_recurrence(const Tensor& weight,
                        const Segments& segments,
                        const Tensor& grad_hidden,
                        const T* reset_update,
                        Tensor& grad_input) {
  const std::int64_t dim = grad_hidden.cols();
  Tensor packed = workspace<T>(packed_size<T>(3 * dim, dim));
  pack(3 * dim, dim, row_major(weight.data<T>(), dim), packed.data<T>());
  const SequenceTiles sequences(segments, dim);
  const std::int64_t size = sequences.tile_rows() * 3 * dim;
  const ThreadScratch<T> carry_scratch(size / 3);
  const ThreadScratch<T> gate_scratch(2 * size);  // of a step and of the one before it, alternating

  for_each_tile(sequences, gate_scratch, [&](const SequenceTile& tile, T* grads) {
    const Units units = tile.units;
    T* carry = carry_scratch.get();
    T* now = grads;
    T* other = grads + size;
    std::int64_t started = 0;
    for (std::int64_t t = tile.longest() - 1; t >= 0; --t) {
      const std::int64_t rows = tile.active(tile.rows, t);
      fill_zero(carry + started * units.count(), (rows - started) * units.count());
      started = rows;
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t token = tile.token(i, t);
        const T* grad = grad_hidden.data<T>() + token * dim + units.begin;
        const T* kept = reset_update + token * 2 * dim + units.begin;
        T* factor = grad_input.data<T>() + token * 3 * dim + units.begin;
        T* row = carry + i * units.count();
        T* gate = now + i * 3 * dim + units.begin;
        for_lanes<T>(units.count(), [&](auto zero, std::int64_t j) {
          using V = decltype(zero);
          const V d = load<V>(grad + j) + load<V>(row + j);
          const V of_reset = d * load<V>(factor + j);
          const V of_update = d * load<V>(factor + dim + j);
          const V of_new = d * load<V>(factor + 2 * dim + j);
          store(factor + j, of_reset);
          store(factor + dim + j, of_update);
          store(factor + 2 * dim + j, of_new);
          store(gate + j, of_reset);
          store(gate + dim + j, of_update);
          store(gate + 2 * dim + j, of_new * load<V>(kept + j));
          store(row + j, d * load<V>(kept + dim + j));
        });
      }
      tile.wait();
      gemm(rows,
           units.count(),
           3 * dim,
           row_major<T>(now, 3 * dim),
           packed.data<T>() + units.begin * 3 * dim,
           carry,
           units.count(),
           true);
      std::swap(now, other);
    }
  });
}

// grad_weight = sum over tokens of [d_r, d_z, d_n r]^T h_{t-1}, grad_bias = sum of [d_r, d_z, d_n
// r].
template <class T>
void weight_gradient(const Segments& segments,
                     const Tensor& hidden,
                     const Tensor& grad_input,
                     const T* reset_update,
                     Tensor& grad_weight,
                     Tensor& grad_bias) {
  const std::int64_t dim = hidden.cols();
  const ThreadScratch<T> scratch(kTokenTile * 4 * dim);
  const Tiles chunks = reduction_chunks(hidden.rows());
  const std::int64_t size = 3 * dim * (dim + 1);  // weight, then bias
  Tensor total = workspace<T>(size);
  const double work = product_work(hidden.rows(), 3, dim, dim);
  reduce_chunks(chunks, work, size, total.data<T>(), [&](std::int64_t c, T* partial) {
    T* before = scratch.get();
    T* grads = before + kTokenTile * dim;
    for (std::int64_t begin = chunks.begin(c); begin < chunks.end(c); begin += kTokenTile) {
      const std::int64_t rows = std::min(kTokenTile, chunks.end(c) - begin);
      const T* source = grad_input.data<T>() + begin * 3 * dim;
      std::copy(source, source + rows * 3 * dim, grads);
      for (std::int64_t i = 0; i < rows; ++i) {
        const T* reset = reset_update + (begin + i) * 2 * dim;
        T* of_new = grads + i * 3 * dim + 2 * dim;
        for (std::int64_t j = 0; j < dim; ++j) {
          of_new[j] *= reset[j];
        }
      }
      states_before(hidden.data<T>(), segments, begin, rows, dim, before);
      gemm_unpacked(
          3 * dim, dim, rows, transposed<T>(grads, 3 * dim), before, dim, partial, dim, true);
      add_row_sum(grads, rows, 3 * dim, partial + 3 * dim * dim);
    }
  });
  const T* sums = total.data<T>();
  std::copy(sums, sums + 3 * dim * dim, grad_weight.data<T>());
  std::copy(sums + 3 * dim * dim, sums + size, grad_bias.data<T>());
}

const OnCpu gru_forward_entry{forward<float>, forward<double>};

template <class T>
void gru_backward(const kernels::GruBackward& k) {
  Tensor reset_update = workspace<T>(2 * k.hidden.numel());
  T* kept = reset_update.data<T>();
  gate_factors<T>(k.input, k.weight, k.bias, k.segments, k.hidden, /*factors=*/k.grad_input, kept);
  reverse_recurrence<T>(k.weight, k.segments, k.grad_hidden, kept, k.grad_input);
  weight_gradient<T>(k.segments, k.hidden, k.grad_input, kept, k.grad_weight, k.grad_bias);
}
const OnCpu gru_backward_entry{gru_backward<float>, gru_backward<double>};

}  // namespace
}  // namespace elastic::cpu
