// Kernels that add the gradients of counts to the tokens that were counted.
#pragma once

#include "cuda/code_histogram.cuh"

namespace elastic::cuda {

// The three kernels of doccupancy_j = dcounts_j + e^-decay doccupancy_{j+1}, for tokens [begin,
// end) in `rows`; a thread takes a word. First each chunk by itself.
template <class T>
__global__ void later_in_chunk_kernel(
    HistogramView<T> p, std::int64_t blocks, std::int64_t begin, std::int64_t end, T* rows) {
  const std::int64_t column = blockIdx.x % blocks * num_threads() + thread_index();
  const TokenPart part = clipped(part_of_slot(p.offsets, p.batch, blockIdx.x / blocks), begin, end);
  if (column >= p.columns()) {
    return;
  }
  T later = 0;
#pragma unroll 4
  for (std::int64_t token = part.end - 1; token >= part.begin; --token) {
    T& value = rows[(token - begin) * p.columns() + column];
    later = without_least(value + p.factor * later);
    value = later;
  }
}

// Then the first token of every chunk, which takes in the chunks after. `after` holds token `end`'s
// row, `before` takes that of token `begin`, where a segment goes on there.
template <class T>
__global__ void later_chunks_kernel(HistogramView<T> p,
                                    std::int64_t blocks,
                                    std::int64_t begin,
                                    std::int64_t end,
                                    const T* after,
                                    T* before,
                                    T* rows) {
  const auto segment = static_cast<int>(blockIdx.x / blocks);
  const std::int64_t column = blockIdx.x % blocks * num_threads() + thread_index();
  const std::int64_t first = p.offsets[segment];
  const std::int64_t low = first < begin ? begin : first;
  const std::int64_t high = p.offsets[segment + 1] < end ? p.offsets[segment + 1] : end;
  if (low >= high || column >= p.columns()) {
    return;
  }
  T later = p.offsets[segment + 1] > end ? after[column] : T(0);
  std::int64_t part_end = high;
  while (part_end > low) {
    const std::int64_t chunk_begin = first + (part_end - 1 - first) / kTokenChunk * kTokenChunk;
    const std::int64_t part_begin = chunk_begin < low ? low : chunk_begin;
    T& value = rows[(part_begin - begin) * p.columns() + column];
    later = without_least(value + p.fade(part_end - part_begin) * later);
    value = later;
    part_end = part_begin;
  }
  if (low == begin && first < begin) {
    before[column] = later;
  }
}

// Then all other tokens of chunks with a chunk after them.
template <class T>
__global__ void later_tokens_kernel(HistogramView<T> p,
                                    std::int64_t blocks,
                                    std::int64_t begin,
                                    std::int64_t end,
                                    const T* after,
                                    T* rows) {
  const std::int64_t column = blockIdx.x % blocks * num_threads() + thread_index();
  const TokenPart part = clipped(part_of_slot(p.offsets, p.batch, blockIdx.x / blocks), begin, end);
  if (part.begin >= part.end || part.end == p.offsets[part.segment + 1] || column >= p.columns()) {
    return;
  }
  const T later = part.end == end ? after[column] : rows[(part.end - begin) * p.columns() + column];
  T weight = p.factor;
  for (std::int64_t token = part.end - 1; token > part.begin && weight >= kLeastCount<T>; --token) {
    rows[(token - begin) * p.columns() + column] += weight * later;
    weight *= p.factor;
  }
}

// A warp takes a token: its segment's row, faded by the steps to the last token.
template <class T>
__global__ void spread_kernel(
    HistogramView<T> p, std::int64_t begin, std::int64_t end, const T* grad_counts, T* rows) {
  for (std::int64_t token = begin + grid_warp(); token < end; token += grid_warps()) {
    const int segment = segment_of(p.offsets, p.batch, token);
    const std::int64_t steps = p.offsets[segment + 1] - 1 - token;  // negative: after all segments
    const T weight = steps < 0 ? T(0) : p.fade(steps);
    for (std::int64_t j = lane_index(); j < p.columns(); j += kWarp) {
      rows[(token - begin) * p.columns() + j] = weight * grad_counts[segment * p.columns() + j];
    }
  }
}

}  // namespace elastic::cuda
