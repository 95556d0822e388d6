// Chunks of ragged segments for blocks, and tile sizes that fit into shared memory.
#pragma once

#include <algorithm>
#include <initializer_list>

#include "base/error.h"
#include "cuda/runtime.h"
#include "tensor/segments.h"

namespace elastic::cuda {

/// Tokens of a segment that one block takes: a constant, so that a sequence's result does
/// not depend on the batch.
constexpr int kTokenChunk = 256;

/// Chunks of the longest segment; every segment has that many slots, the last ones may be empty.
inline int max_chunks(const Segments& segments) {
  return std::max(1, static_cast<int>(divide_up(segments.max_length(), kTokenChunk)));
}

/// The largest group of columns (a multiple of `unit`, which is not divided) and tile of tokens
/// whose layout, size(group, tile) elements of T, fits into a block's shared memory: two blocks of
/// it to a multiprocessor where that is possible. Throws UsageError when none does.
template <class T, class Size>
void choose_tiles(const char* op, int columns, int unit, int& group, int& tile, const Size& size) {
  const auto limit = static_cast<std::int64_t>(runtime().shared_limit() / sizeof(T));
  for (const std::int64_t share : {limit / 2, limit}) {
    for (const int tokens : {64, 32, 16}) {
      if (size(columns, tokens) <= share) {
        group = columns;
        tile = tokens;
        return;
      }
    }
  }
  for (const int tokens : {64, 32, 16}) {
    for (int candidate = columns / unit / 2 * unit; candidate >= unit;
         candidate = candidate / unit / 2 * unit) {
      if (size(candidate, tokens) <= limit) {
        group = candidate;
        tile = tokens;
        return;
      }
    }
  }
  throw UsageError("cuda: ",
                   op,
                   ": ",
                   unit,
                   " experts of this size do not fit into the ",
                   runtime().shared_limit() >> 10,
                   " KiB of shared memory of a block; lower --num-experts or --dim");
}

template <class T>
Tensor zero_workspace(const char* op, std::int64_t count) {
  Tensor result = workspace<T>(count);
  ELASTIC_CUDA_CHECK(op, cudaMemsetAsync(result.raw_data(), 0, result.bytes(), runtime().stream()));
  return result;
}

/// Planned segments may leave tokens after the last one: their rows become zero, not garbage.
void clear_behind(const Segments& segments, std::initializer_list<Tensor*> results);

/// out [B, size]: for each segment the sum of its chunks' partials [B, max_chunks, size], in order.
template <class T>
void sum_chunks(
    const char* op, const T* partials, const Segments& segments, std::int64_t size, T* out);

}  // namespace elastic::cuda
