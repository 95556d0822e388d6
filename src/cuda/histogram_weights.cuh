// Kernels that compute the words' weights [rows, C W] of LISA's attention: exponentials of scores,
// the counts that chunks of long sequences start from, then the weights.
#pragma once

#include "cuda/code_histogram.cuh"

namespace elastic::cuda {

// A warp takes a row.
template <class T>
__global__ void exponentials_kernel(const T* scores, std::int64_t rows, int words, T* out) {
  for (std::int64_t i = grid_warp(); i < rows; i += grid_warps()) {
    const T* row = scores + i * words;
    T largest = lowest<T>();
    for (int w = lane_index(); w < words; w += kWarp) {
      largest = largest < row[w] ? row[w] : largest;
    }
    largest = warp_max(largest);
    for (int w = lane_index(); w < words; w += kWarp) {
      out[i * words + w] = exp(row[w] - largest);
    }
  }
}

// A block takes a chunk that another follows: its tokens' counts go to the place of the next.
template <class T>
__global__ void chunk_counts_kernel(HistogramView<T> p, T* starts) {
  T* counts = dynamic_shared<T>() + warp_index() * p.words;
  const TokenPart part = part_of_slot(p.offsets, p.batch, blockIdx.x);
  if (part.begin >= part.end || part.end == p.offsets[part.segment + 1]) {
    return;
  }
  T* target = starts + start_place(p.offsets, part.segment, part.end) * p.columns();
  for (int c = warp_index(); c < p.codebooks; c += num_threads() / kWarp) {
    count_words(p, part.begin, part.end, c, counts);
    for (int w = lane_index(); w < p.words; w += kWarp) {
      target[static_cast<std::int64_t>(c) * p.words + w] = counts[w];
    }
  }
}

// A thread takes a word of a segment: each chunk's start takes in those before.
template <class T>
__global__ void carry_counts_kernel(HistogramView<T> p, std::int64_t blocks, T* starts) {
  const auto segment = static_cast<int>(blockIdx.x / blocks);
  const std::int64_t column = blockIdx.x % blocks * num_threads() + thread_index();
  const std::int64_t begin = p.offsets[segment];
  const std::int64_t end = p.offsets[segment + 1];
  if (column >= p.columns() || end - begin <= kTokenChunk) {
    return;
  }
  const T fade = p.fade(kTokenChunk);
  T* start = starts + start_place(p.offsets, segment, begin + kTokenChunk) * p.columns() + column;
  T carried = *start;
  for (std::int64_t token = begin + 2 * kTokenChunk; token < end; token += kTokenChunk) {
    start += p.columns();
    carried = without_least(*start + fade * carried);
    *start = carried;
  }
}

// A block takes a chunk: rows of its tokens in [begin, end).
template <class T>
__global__ void weights_kernel(
    HistogramView<T> p, const T* starts, std::int64_t begin, std::int64_t end, T* alpha, T* ratio) {
  T* counts = dynamic_shared<T>() + warp_index() * p.words;
  TokenPart part = part_of_slot(p.offsets, p.batch, blockIdx.x);
  part.end = part.end < end ? part.end : end;
  if (part.begin >= part.end || part.end <= begin) {
    return;
  }
  const T* start = nullptr;
  if (part.begin > p.offsets[part.segment]) {
    start = starts + start_place(p.offsets, part.segment, part.begin) * p.columns();
  }
  for (int c = warp_index(); c < p.codebooks; c += num_threads() / kWarp) {
    const std::int64_t first = static_cast<std::int64_t>(c) * p.words;
    for (int w = lane_index(); w < p.words; w += kWarp) {
      counts[w] = start == nullptr ? T(0) : start[first + w];
    }
    int code = p.code(part.begin, c);
    for (std::int64_t token = part.begin; token < part.end; ++token) {
      const int next = token + 1 < part.end ? p.code(token + 1, c) : 0;  // loaded ahead
      advance_counts(p, token, c, code, counts);
      if (token >= begin) {
        const std::int64_t place = (token - begin) * p.columns() + first;
        weigh_words(p, c, code, counts, alpha + place, ratio == nullptr ? nullptr : ratio + place);
      }
      code = next;
    }
  }
}

// A block takes a segment: the row of its last token, zeros where it is empty.
template <class T>
__global__ void last_weights_kernel(HistogramView<T> p, std::int64_t first, T* alpha, T* ratio) {
  T* counts = dynamic_shared<T>() + warp_index() * p.words;
  const std::int64_t segment = first + blockIdx.x;
  const std::int64_t begin = p.offsets[segment];
  const std::int64_t end = p.offsets[segment + 1];
  for (int c = warp_index(); c < p.codebooks; c += num_threads() / kWarp) {
    const std::int64_t place = static_cast<std::int64_t>(blockIdx.x) * p.columns() +
                               static_cast<std::int64_t>(c) * p.words;
    if (begin == end) {
      for (int w = lane_index(); w < p.words; w += kWarp) {
        alpha[place + w] = T(0);
        if (ratio != nullptr) {
          ratio[place + w] = T(0);
        }
      }
      continue;
    }
    count_words(p, begin, end, c, counts);
    weigh_words(p,
                c,
                p.code(end - 1, c),
                counts,
                alpha + place,
                ratio == nullptr ? nullptr : ratio + place);
  }
}

}  // namespace elastic::cuda
