// Projects a segment's tokens to rows; the projection's columns count back from the last token.
//
// The kernels work on the columns that the longest segment uses, reversed: reversed column r of L
// belongs to the token L - r steps before the segment's end, so that a segment of n tokens uses the
// last n of them in the order of its tokens.
#include "tensor/kernels/project_tokens.h"

#include <algorithm>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/segment_chunks.h"
#include "tensor/cpu/tile.h"

namespace elastic::cpu {
namespace {

template <class T>
Tensor reversed_columns(const Tensor& projection, std::int64_t length) {
  const std::int64_t rows = projection.shape()[0];
  Tensor result = workspace<T>(rows * length);
  const double work = kElementWork * product_work(rows, length);
  parallel_for(rows, work, [&](std::int64_t i) {
    const T* row = projection.data<T>() + i * projection.cols();
    std::reverse_copy(row, row + length, result.data<T>() + i * length);
  });
  return result;
}

// The first reversed column that a chunk's tokens use.
std::int64_t first_column(const SegmentChunks::Chunk& chunk, const Segments& segments) {
  return segments.max_length() - (segments.end(chunk.segment) - chunk.begin);
}

template <class T>
void forward(const kernels::ProjectTokensForward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t rows = k.projection.shape()[0];
  const std::int64_t length = k.segments.max_length();
  const std::int64_t size = rows * dim;
  const Tensor reversed = reversed_columns<T>(k.projection, length);
  const SegmentChunks chunks(k.segments);
  const Tensor partials = workspace<T>(chunks.any_cut() ? chunks.count() * size : std::int64_t{0});
  parallel_for(chunks.count(), product_work(k.x.rows(), rows, dim), [&](std::int64_t c) {
    const SegmentChunks::Chunk& chunk = chunks[c];
    T* sums =
        chunks.whole(c) ? k.out.data<T>() + chunk.segment * size : partials.data<T>() + c * size;
    gemm_unpacked(rows,
                  dim,
                  chunk.end - chunk.begin,
                  row_major<T>(reversed.data<T>() + first_column(chunk, k.segments), length),
                  k.x.data<T>() + chunk.begin * dim,
                  dim,
                  sums,
                  dim,
                  false);
  });
  // Segments of several chunks (summed in order) or of none (zero).
  for (std::int64_t b = 0; b < k.segments.size(); ++b) {
    const std::int64_t first = chunks.first(b);
    if (const std::int64_t count = chunks.first(b + 1) - first; count != 1) {
      const T* parts = count == 0 ? nullptr : partials.data<T>() + first * size;
      sum_partials(parts, count, size, k.out.data<T>() + b * size);
    }
  }
}

// Part of the projection's gradient: the reversed columns begin..end-1, summed over the segments
// first..last-1 in order, as sums [end - begin, rows].
template <class T>
struct ProjectionGradient {
  const Tensor& x;
  const Tensor& grad_out;
  const Segments& segments;
  std::int64_t rows;

  [[nodiscard]] std::int64_t packed() const { return packed_size<T>(x.cols(), rows); }

  void sum(std::int64_t first,
           std::int64_t last,
           std::int64_t begin,
           std::int64_t end,
           T* scratch,
           T* sums) const {
    const std::int64_t dim = x.cols();
    fill_zero(sums, (end - begin) * rows);
    for (std::int64_t b = first; b < last; ++b) {
      const std::int64_t unused = segments.max_length() - segments.length(b);
      const std::int64_t from = std::max(begin, unused);
      if (from < end) {
        pack(dim, rows, transposed<T>(grad_out.data<T>() + b * rows * dim, dim), scratch);
        gemm(end - from,
             rows,
             dim,
             row_major<T>(x.data<T>() + (segments.begin(b) + from - unused) * dim, dim),
             scratch,
             sums + (from - begin) * rows,
             rows,
             true);
      }
    }
  }
};

// Blocks of columns are summed separately; with few of them, groups of segments too. Neither
// depends on the number of threads.
template <class T>
void projection_gradient(const ProjectionGradient<T>& gradient, Tensor& grad_projection) {
  constexpr std::int64_t kColumns = 128;
  constexpr std::int64_t kFewColumns = 1024;  // with groups: 32 partial sums of them at most
  const std::int64_t length = gradient.segments.max_length();
  const std::int64_t rows = gradient.rows;
  const std::int64_t batch = gradient.segments.size();
  const Tiles columns{length, kColumns};
  const Tiles groups{batch,
                     length > kFewColumns ? batch : std::max<std::int64_t>(8, (batch + 31) / 32)};
  Tensor partials = workspace<T>(groups.count() * length * rows);
  const ThreadScratch<T> scratch(gradient.packed());
  parallel_for(groups.count() * columns.count(),
               product_work(gradient.x.numel(), rows),
               [&](std::int64_t unit) {
                 const std::int64_t g = unit / columns.count();
                 const std::int64_t begin = columns.begin(unit % columns.count());
                 gradient.sum(groups.begin(g),
                              groups.end(g),
                              begin,
                              columns.end(unit % columns.count()),
                              scratch.get(),
                              partials.data<T>() + (g * length + begin) * rows);
               });
  T* sums = partials.data<T>();
  for (std::int64_t g = 1; g < groups.count(); ++g) {
    add_row_sum(sums + g * length * rows, 1, length * rows, sums);
  }
  for (std::int64_t i = 0; i < rows; ++i) {
    T* out = grad_projection.data<T>() + i * grad_projection.cols();
    for (std::int64_t c = 0; c < length; ++c) {
      out[c] = sums[(length - 1 - c) * rows + i];
    }
    fill_zero(out + length, grad_projection.cols() - length);
  }
}

// dx_t = sum_i projection[i, c] g[b, i], dprojection[i, c] = sum_b g[b, i] . x_t, t the token c
// steps before the end of segment b.
template <class T>
void backward(const kernels::ProjectTokensBackward& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t rows = k.projection.shape()[0];
  const std::int64_t length = k.segments.max_length();
  const Tensor reversed = reversed_columns<T>(k.projection, length);
  const SegmentChunks chunks(k.segments);
  parallel_for(chunks.count(), product_work(k.x.rows(), rows, dim), [&](std::int64_t c) {
    const SegmentChunks::Chunk& chunk = chunks[c];
    gemm_unpacked(chunk.end - chunk.begin,
                  dim,
                  rows,
                  transposed<T>(reversed.data<T>() + first_column(chunk, k.segments), length),
                  k.grad_out.data<T>() + chunk.segment * rows * dim,
                  dim,
                  k.grad_x.data<T>() + chunk.begin * dim,
                  dim,
                  false);
  });
  projection_gradient<T>({k.x, k.grad_out, k.segments, rows}, k.grad_projection);
}

const OnCpu project_tokens_forward_entry{forward<float>, forward<double>};

const OnCpu project_tokens_backward_entry{backward<float>, backward<double>};

}  // namespace
}  // namespace elastic::cpu
