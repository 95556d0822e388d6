// A linear layer over groups of tokens: the pooling of ELASTIC's query network. Groups are
// assembled a tile at a time; no [G, stride D] tensor exists.
#include "tensor/kernels/group_linear.h"

#include <algorithm>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/tile.h"

namespace elastic::cpu {
namespace {

struct Grouping {
  const Segments& segments;
  const Segments& groups;
  std::int64_t stride;
};

// Calls body(place, missing, first, count) for the parts of groups begin..end-1 in each segment. A
// part starts at `place`, counted in tokens of the tile, and holds `missing` zero vectors, then
// `count` tokens starting with token `first`.
template <class Body>
void for_each_part(const Grouping& by, std::int64_t begin, std::int64_t end, const Body& body) {
  const std::vector<std::int32_t>& starts = by.groups.host();
  std::int64_t b = std::upper_bound(starts.begin(), starts.end(), begin) - starts.begin() - 1;
  for (std::int64_t g = begin; g < end; ++b) {
    const std::int64_t last = std::min<std::int64_t>(end, by.groups.end(b));
    const std::int64_t lack = by.groups.length(b) * by.stride - by.segments.length(b);
    const std::int64_t place = (g - by.groups.begin(b)) * by.stride;  // zero vectors included
    const std::int64_t missing = std::max<std::int64_t>(0, lack - place);
    const std::int64_t count = (last - g) * by.stride - missing;
    if (last > g) {
      body((g - begin) * by.stride, missing, by.segments.begin(b) + place + missing - lack, count);
    }
    g = last;
  }
}

// Groups begin..end-1 as rows [end - begin, stride * dim]: in x itself if they are contiguous
// there, otherwise copied into `scratch`.
template <class T>
const T* group_rows(const Grouping& by,
                    const T* x,
                    std::int64_t dim,
                    std::int64_t begin,
                    std::int64_t end,
                    T* scratch) {
  const T* in_place = nullptr;
  for_each_part(
      by,
      begin,
      end,
      [&](std::int64_t place, std::int64_t missing, std::int64_t first, std::int64_t count) {
        if (count == (end - begin) * by.stride) {
          in_place = x + first * dim;
          return;
        }
        T* target = scratch + place * dim;
        fill_zero(target, missing * dim);
        std::copy(x + first * dim, x + (first + count) * dim, target + missing * dim);
      });
  return in_place != nullptr ? in_place : scratch;
}

template <class T>
void forward(
    const Tensor& x, const Grouping& by, const Tensor& weight, const Tensor& bias, Tensor& y) {
  const std::int64_t dim = x.cols();
  const std::int64_t in = weight.cols();
  const std::int64_t out = y.cols();
  Tensor packed = workspace<T>(packed_size<T>(in, out));
  pack(in, out, transposed(weight.data<T>(), in), packed.data<T>());
  const ThreadScratch<T> scratch(kTokenTile * in);
  const Tiles tiles = token_tiles(y.rows());
  parallel_for(tiles.count(), product_work(y.rows(), in, out), [&](std::int64_t t) {
    const std::int64_t begin = tiles.begin(t);
    const std::int64_t rows = tiles.end(t) - begin;
    T* result = y.data<T>() + begin * out;
    const T* tile = group_rows(by, x.data<T>(), dim, begin, begin + rows, scratch.get());
    gemm_from_row(
        rows, out, in, row_major(tile, in), packed.data<T>(), bias.data<T>(), result, out);
  });
}

template <class T>
void backward(const Tensor& x,
              const Grouping& by,
              const Tensor& weight,
              const Tensor& grad_y,
              Tensor& grad_x,
              Tensor& grad_weight,
              Tensor& grad_bias) {
  const std::int64_t dim = x.cols();
  const std::int64_t in = weight.cols();
  const std::int64_t out = grad_y.cols();
  Tensor packed = workspace<T>(packed_size<T>(out, in));
  pack(out, in, row_major(weight.data<T>(), in), packed.data<T>());
  const ThreadScratch<T> scratch(kTokenTile * in);
  const Tiles chunks = reduction_chunks(grad_y.rows());
  const std::int64_t size = out * in + out;  // weight, then bias
  Tensor total = workspace<T>(size);
  const double work = product_work(grad_y.rows(), in, out);
  reduce_chunks(chunks, work, size, total.data<T>(), [&](std::int64_t c, T* partial) {
    for (std::int64_t begin = chunks.begin(c); begin < chunks.end(c); begin += kTokenTile) {
      const std::int64_t rows = std::min(kTokenTile, chunks.end(c) - begin);
      const T* grad = grad_y.data<T>() + begin * out;
      const T* tile = group_rows(by, x.data<T>(), dim, begin, begin + rows, scratch.get());
      gemm_unpacked(out, in, rows, transposed(grad, out), tile, in, partial, in, true);
      add_row_sum(grad, rows, out, partial + out * in);
      T* grad_tile = scratch.get();
      gemm(rows, in, out, row_major(grad, out), packed.data<T>(), grad_tile, in, false);
      for_each_part(
          by,
          begin,
          begin + rows,
          [&](std::int64_t place, std::int64_t missing, std::int64_t first, std::int64_t count) {
            const T* source = grad_tile + (place + missing) * dim;
            T* target = grad_x.data<T>() + first * dim;
            for (std::int64_t j = 0; j < count * dim; ++j) {
              target[j] += source[j];
            }
          });
    }
  });
  const T* sums = total.data<T>();
  std::copy(sums, sums + out * in, grad_weight.data<T>());
  std::copy(sums + out * in, sums + size, grad_bias.data<T>());
}

template <class T>
void group_linear_forward(const kernels::GroupLinearForward& k) {
  forward<T>(k.x, {k.segments, k.groups, k.stride}, k.weight, k.bias, k.y);
}
const OnCpu group_linear_forward_entry{group_linear_forward<float>, group_linear_forward<double>};

template <class T>
void group_linear_backward(const kernels::GroupLinearBackward& k) {
  backward<T>(k.x,
              {k.segments, k.groups, k.stride},
              k.weight,
              k.grad_y,
              k.grad_x,
              k.grad_weight,
              k.grad_bias);
}
const OnCpu group_linear_backward_entry{group_linear_backward<float>,
                                        group_linear_backward<double>};

}  // namespace
}  // namespace elastic::cpu
