// Work units of a kernel that runs along segments.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tensor/segments.h"

namespace elastic::cpu {

/// Cuts every segment into chunks of at most 1024 tokens counted from its own start, so that a
/// segment's arithmetic does not depend on its neighbours. An empty segment has no chunk.
class SegmentChunks {
 public:
  struct Chunk {
    std::int32_t segment;
    std::int32_t begin;
    std::int32_t end;
  };

  explicit SegmentChunks(const Segments& segments) {
    constexpr std::int32_t kChunkTokens = 1024;
    first_.reserve(static_cast<std::size_t>(segments.size()) + 1);
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      first_.push_back(static_cast<std::int64_t>(chunks_.size()));
      for (std::int32_t begin = segments.begin(b); begin < segments.end(b); begin += kChunkTokens) {
        chunks_.push_back(
            {static_cast<std::int32_t>(b), begin, std::min(segments.end(b), begin + kChunkTokens)});
      }
    }
    first_.push_back(static_cast<std::int64_t>(chunks_.size()));
    cut_ = segments.max_length() > kChunkTokens;
  }

  [[nodiscard]] std::int64_t count() const { return static_cast<std::int64_t>(chunks_.size()); }
  [[nodiscard]] const Chunk& operator[](std::int64_t i) const {
    return chunks_[static_cast<std::size_t>(i)];
  }
  /// Chunks first(b) .. first(b + 1) - 1 belong to segment b.
  [[nodiscard]] std::int64_t first(std::int64_t b) const {
    return first_[static_cast<std::size_t>(b)];
  }
  /// Whether chunk i is a whole segment; `any_cut` is whether some chunk is not.
  [[nodiscard]] bool whole(std::int64_t i) const {
    const std::int64_t b = (*this)[i].segment;
    return first(b + 1) - first(b) == 1;
  }
  [[nodiscard]] bool any_cut() const { return cut_; }

 private:
  std::vector<Chunk> chunks_;
  std::vector<std::int64_t> first_;
  bool cut_ = false;
};

}  // namespace elastic::cpu
