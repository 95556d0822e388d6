// Loops over tiles on all threads, and each thread's scratch memory.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>

#include "tensor/tensor.h"

namespace elastic::cpu {

/// Multiply-adds below which waking a second thread does not pay.
inline constexpr double kParallelWork = 1 << 20;
/// Cost of an element in a loop without products, in multiply-adds: a few operations, not in full
/// vectors.
inline constexpr double kElementWork = 8.0;

/// Calls body(i) for i in 0..count-1, each on some thread; all on the calling thread if the total
/// `work`, in multiply-adds, is small. Work is grouped by tiles, not by threads, so that results do
/// not depend on the number of threads. `body` must not throw.
template <class Body>
void parallel_for(std::int64_t count, double work, const Body& body) {
  // One thread gets neighbouring tiles if there are many: their memory is contiguous.
  const std::int64_t run = std::clamp<std::int64_t>(count / (32 * omp_get_max_threads()), 1, 8);
#pragma omp parallel for schedule(dynamic, run) if (count > 1 && work >= kParallelWork)
  for (std::int64_t i = 0; i < count; ++i) {
    body(i);
  }
}

/// Multiply-adds of a product of these extents.
template <class... Extents>
constexpr double product_work(Extents... extents) {
  return (1.0 * ... * static_cast<double>(extents));
}

/// Scratch elements for every thread, counted as workspace.
template <class T>
class ThreadScratch {
 public:
  explicit ThreadScratch(std::int64_t elements_per_thread)
      : stride_((elements_per_thread + kAlign - 1) / kAlign * kAlign),
        block_({stride_ * omp_get_max_threads()},
               DTypeOf<T>::kValue,
               Device::kCpu,
               Memory::kWorkspace) {}

  /// The calling thread's part.
  [[nodiscard]] T* get() const { return block_.data<T>() + stride_ * omp_get_thread_num(); }

 private:
  static constexpr std::int64_t kAlign = 64;
  std::int64_t stride_;
  Tensor block_;
};

/// An uninitialised workspace array.
template <class T>
Tensor workspace(std::int64_t elements) {
  return {{elements}, DTypeOf<T>::kValue, Device::kCpu, Memory::kWorkspace};
}

/// Cuts `rows` into tiles of `size` rows.
struct Tiles {
  std::int64_t rows;
  std::int64_t size;
  [[nodiscard]] std::int64_t count() const { return (rows + size - 1) / size; }
  [[nodiscard]] std::int64_t begin(std::int64_t i) const { return i * size; }
  [[nodiscard]] std::int64_t end(std::int64_t i) const { return std::min(rows, (i + 1) * size); }
};

/// Tokens in a tile of a token-wise kernel, so few that its buffers stay in cache.
inline constexpr std::int64_t kTokenTile = 64;

/// Tiles of a kernel that processes every token separately; smaller for few tokens, such as one
/// user's history, so that all threads have work.
inline Tiles token_tiles(std::int64_t rows) {
  constexpr std::int64_t kFewRows = 1024;
  return {rows, rows < kFewRows ? kTokenTile / 2 : kTokenTile};
}

/// Cuts a long reduction over `rows` into at most 32 chunks, of two whole tiles or more; partial
/// sums are added in the chunks' order.
inline Tiles reduction_chunks(std::int64_t rows, std::int64_t tile = kTokenTile) {
  constexpr std::int64_t kMaxChunks = 32;
  const std::int64_t tiles = (rows + tile - 1) / tile;
  const std::int64_t tiles_per_chunk =
      std::max<std::int64_t>(2, (tiles + kMaxChunks - 1) / kMaxChunks);
  return {rows, tiles_per_chunk * tile};
}

/// out[j] (+)= sum over c of partials[c][j], c in 0..count-1 in order.
template <class T>
void sum_partials(
    const T* partials, std::int64_t count, std::int64_t size, T* out, bool add = false) {
  constexpr std::int64_t kSlice = 4096;
  const Tiles slices{size, kSlice};
  parallel_for(slices.count(), product_work(count, size), [&](std::int64_t s) {
    for (std::int64_t c = 0; c < count; ++c) {
      const T* partial = partials + c * size;
      if (c == 0 && !add) {
        std::copy(partial + slices.begin(s), partial + slices.end(s), out + slices.begin(s));
      } else {
        for (std::int64_t j = slices.begin(s); j < slices.end(s); ++j) {
          out[j] += partial[j];
        }
      }
    }
  });
  if (count == 0 && !add) {
    std::fill(out, out + size, T(0));
  }
}

/// out [size] = the sum over the chunks c, in order, of the values that body(c, partial) leaves in
/// `partial` [size], which is zero at its start. The threads do not affect the order. Holds one
/// partial per thread, not per chunk.
template <class T, class Body>
void reduce_chunks(const Tiles& chunks, double work, std::int64_t size, T* out, const Body& body) {
  const ThreadScratch<T> scratch(size);
  const std::int64_t count = chunks.count();
  std::fill(out, out + size, T(0));
#pragma omp parallel for ordered schedule(dynamic, 1) if (count > 1 && work >= kParallelWork)
  for (std::int64_t c = 0; c < count; ++c) {
    T* partial = scratch.get();
    std::fill(partial, partial + size, T(0));
    body(c, partial);
#pragma omp ordered
    for (std::int64_t j = 0; j < size; ++j) {
      out[j] += partial[j];
    }
  }
}

/// Calls body(T{}) with T float or double, as `dtype` says.
template <class Body>
void with_real_type(DType dtype, const Body& body) {
  if (dtype == DType::kFloat64) {
    body(double{});
  } else {
    ELASTIC_CHECK(dtype == DType::kFloat32, "a kernel over reals was given ", dtype);
    body(float{});
  }
}

}  // namespace elastic::cpu
