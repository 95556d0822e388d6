// Softmax over the tokens of each segment, column by column. A chunk of a segment computes
// exponentials relative to its own maxima; then a factor per chunk rescales them to those of the
// segment.
#include "tensor/kernels/token_softmax.h"

#include "tensor/cpu/parallel.h"
#include "tensor/cpu/segment_chunks.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

template <class T>
void column_maxima(const T* __restrict x, std::int64_t rows, std::int64_t cols, T* __restrict out) {
  std::copy(x, x + cols, out);
  for (std::int64_t i = 1; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      out[j] = std::max(out[j], x[i * cols + j]);
    }
  }
}

template <class T>
void scale_columns(T* __restrict y, std::int64_t rows, std::int64_t cols, const T* factors) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      y[i * cols + j] *= factors[j];
    }
  }
}

// y = exp(x - maximum), and its column sums.
template <class T>
void exponentials(const T* __restrict x,
                  std::int64_t rows,
                  std::int64_t cols,
                  const T* __restrict maximum,
                  T* __restrict y,
                  T* __restrict sums) {
  fill_zero(sums, cols);
  for (std::int64_t begin = 0; begin < rows; begin += kTokenTile) {
    const std::int64_t count = std::min(kTokenTile, rows - begin);
    T* tile = y + begin * cols;
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < cols; ++j) {
        tile[i * cols + j] = x[(begin + i) * cols + j] - maximum[j];
      }
    }
    exp_in_place(tile, count * cols);
    add_row_sum(tile, count, cols, sums);
  }
}

// A chunk's maxima and denominators [cols] each, the latter replaced by the factors of its
// exponentials in the end.
template <class T>
struct ChunkSums {
  T* maximum;
  T* denominator;

  ChunkSums(const Tensor& sums, std::int64_t c, std::int64_t cols)
      : maximum(sums.data<T>() + c * 2 * cols), denominator(maximum + cols) {}
};

// Factors of the chunks of segment b: exp(maximum - the segment's) / the segment's denominator.
template <class T>
void combine_chunks(const Tensor& sums,
                    const SegmentChunks& chunks,
                    std::int64_t b,
                    std::int64_t cols,
                    T* scratch) {
  T* highest = scratch;
  T* total = scratch + cols;
  const std::int64_t first = chunks.first(b);
  const std::int64_t end = chunks.first(b + 1);
  std::copy(ChunkSums<T>(sums, first, cols).maximum,
            ChunkSums<T>(sums, first, cols).maximum + cols,
            highest);
  for (std::int64_t c = first + 1; c < end; ++c) {
    const ChunkSums<T> chunk(sums, c, cols);
    for (std::int64_t j = 0; j < cols; ++j) {
      highest[j] = std::max(highest[j], chunk.maximum[j]);
    }
  }
  fill_zero(total, cols);
  for (std::int64_t c = first; c < end; ++c) {
    const ChunkSums<T> chunk(sums, c, cols);
    for (std::int64_t j = 0; j < cols; ++j) {
      chunk.maximum[j] -= highest[j];
    }
    exp_in_place(chunk.maximum, cols);
    for (std::int64_t j = 0; j < cols; ++j) {
      total[j] += chunk.maximum[j] * chunk.denominator[j];
    }
  }
  for (std::int64_t c = first; c < end; ++c) {
    const ChunkSums<T> chunk(sums, c, cols);
    for (std::int64_t j = 0; j < cols; ++j) {
      chunk.denominator[j] = chunk.maximum[j] / total[j];
    }
  }
}

template <class T>
void forward(const kernels::TokenSoftmaxForward& k) {
  const std::int64_t cols = k.x.cols();
  const double work = kElementWork * product_work(k.x.numel());
  const SegmentChunks chunks(k.segments);
  const Tensor sums = workspace<T>(chunks.count() * 2 * cols);
  parallel_for(chunks.count(), work, [&](std::int64_t c) {
    const ChunkSums<T> own(sums, c, cols);
    const std::int64_t rows = chunks[c].end - chunks[c].begin;
    const T* in = k.x.data<T>() + chunks[c].begin * cols;
    T* out = k.y.data<T>() + chunks[c].begin * cols;
    column_maxima(in, rows, cols, own.maximum);
    exponentials(in, rows, cols, own.maximum, out, own.denominator);
    if (chunks.whole(c)) {
      for (std::int64_t j = 0; j < cols; ++j) {
        own.denominator[j] = T(1) / own.denominator[j];
      }
      scale_columns(out, rows, cols, own.denominator);
    }
  });
  if (!chunks.any_cut()) {
    return;
  }
  const ThreadScratch<T> scratch(2 * cols);
  parallel_for(
      k.segments.size(), kElementWork * product_work(chunks.count(), cols), [&](std::int64_t b) {
        if (chunks.first(b + 1) - chunks.first(b) > 1) {
          combine_chunks(sums, chunks, b, cols, scratch.get());
        }
      });
  parallel_for(chunks.count(), work, [&](std::int64_t c) {
    if (!chunks.whole(c)) {
      scale_columns(k.y.data<T>() + chunks[c].begin * cols,
                    chunks[c].end - chunks[c].begin,
                    cols,
                    ChunkSums<T>(sums, c, cols).denominator);
    }
  });
}

// sums [cols] = column sums of y g.
template <class T>
void column_dots(const T* __restrict y,
                 const T* __restrict grad_y,
                 std::int64_t rows,
                 std::int64_t cols,
                 T* __restrict sums) {
  fill_zero(sums, cols);
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      sums[j] += y[i * cols + j] * grad_y[i * cols + j];
    }
  }
}

template <class T>
void gradient_rows(const T* __restrict y,
                   const T* __restrict grad_y,
                   std::int64_t rows,
                   std::int64_t cols,
                   const T* __restrict dots,
                   T* __restrict grad_x) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < cols; ++j) {
      const std::int64_t e = i * cols + j;
      grad_x[e] = y[e] * (grad_y[e] - dots[j]);
    }
  }
}

template <class T>
void backward(const kernels::TokenSoftmaxBackward& k) {
  const std::int64_t cols = k.y.cols();
  const double work = kElementWork * product_work(k.y.numel());
  const SegmentChunks chunks(k.segments);
  const Tensor dots = workspace<T>(chunks.count() * cols);
  const auto write_gradient = [&](std::int64_t c, std::int64_t sums_of) {
    const std::int64_t first = chunks[c].begin * cols;
    gradient_rows(k.y.data<T>() + first,
                  k.grad_y.data<T>() + first,
                  chunks[c].end - chunks[c].begin,
                  cols,
                  dots.data<T>() + sums_of * cols,
                  k.grad_x.data<T>() + first);
  };
  parallel_for(chunks.count(), work, [&](std::int64_t c) {
    const std::int64_t first = chunks[c].begin * cols;
    column_dots(k.y.data<T>() + first,
                k.grad_y.data<T>() + first,
                chunks[c].end - chunks[c].begin,
                cols,
                dots.data<T>() + c * cols);
    if (chunks.whole(c)) {
      write_gradient(c, c);
    }
  });
  if (!chunks.any_cut()) {
    return;
  }
  // Replaces the first chunk's sums by those of the segment, adding its chunks in order.
  for (std::int64_t b = 0; b < k.segments.size(); ++b) {
    const std::int64_t first = chunks.first(b);
    if (const std::int64_t more = chunks.first(b + 1) - first - 1; more > 0) {
      add_row_sum(dots.data<T>() + (first + 1) * cols, more, cols, dots.data<T>() + first * cols);
    }
  }
  parallel_for(chunks.count(), work, [&](std::int64_t c) {
    if (!chunks.whole(c)) {
      write_gradient(c, chunks.first(chunks[c].segment));
    }
  });
}

const OnCpu token_softmax_forward_entry{forward<float>, forward<double>};

const OnCpu token_softmax_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
