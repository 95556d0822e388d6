// Chunks of ragged segments for recurrences: every chunk is summed up by itself, a scan over the
// chunks of a segment gives the value each begins with, then all chunks run at once.
#pragma once

#include "cuda/device.cuh"
#include "tensor/segments.h"

namespace elastic::cuda {

/// Tokens of a chunk, counted from the segment's own start: a chunk's result does not depend
/// on the batch.
constexpr int kRecurrenceChunk = 64;

/// Chunk c of segment b has place offsets[b] / kRecurrenceChunk + b + c: places are fewer
/// than T / kRecurrenceChunk + B, and some stay empty.
struct RaggedChunks {
  const std::int32_t* offsets;
  int batch;

  struct Chunk {
    std::int64_t begin;  ///< its first token
    int length;          ///< 0 where there is none
  };

  RaggedChunks() = default;
  explicit RaggedChunks(const Segments& segments)
      : offsets(segments.device_offsets().data<std::int32_t>()),
        batch(static_cast<int>(segments.size())) {}

  static std::int64_t places(const Segments& segments) {
    return segments.num_tokens() / kRecurrenceChunk + segments.size();
  }
  /// Whether every segment is one chunk.
  static bool single(const Segments& segments) { return segments.max_length() <= kRecurrenceChunk; }

  __device__ std::int64_t first(int segment) const {
    return static_cast<std::int64_t>(offsets[segment] / kRecurrenceChunk) + segment;
  }
  __device__ int count(int segment) const {
    const int length = offsets[segment + 1] - offsets[segment];
    return (length + kRecurrenceChunk - 1) / kRecurrenceChunk;
  }
  __device__ Chunk at(std::int64_t place) const {
    int low = 0;
    int high = batch;
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      if (first(middle) <= place) {
        low = middle;
      } else {
        high = middle;
      }
    }
    const std::int64_t begin = offsets[low] + (place - first(low)) * kRecurrenceChunk;
    const std::int64_t left = offsets[low + 1] - begin;
    const std::int64_t length = left < kRecurrenceChunk ? left : kRecurrenceChunk;
    return {begin, length > 0 ? static_cast<int>(length) : 0};
  }
};

}  // namespace elastic::cuda
