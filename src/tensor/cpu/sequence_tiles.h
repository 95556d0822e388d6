// Work units of a recurrence: sequences that advance token by token together.
#pragma once

#include <omp.h>

#include <algorithm>
#include <cstdint>
#include <vector>

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/segments.h"

namespace elastic::cpu {

/// A range of the state's units: whole panels of a packed weight, except at the end.
struct Units {
  std::int64_t begin;
  std::int64_t end;
  [[nodiscard]] std::int64_t count() const { return end - begin; }
};

/// Sorts the sequences by length and cuts them into tiles. If there are fewer sequences than
/// threads, and a step's product [rows, D] x [D, 3 D] is worth a barrier, there is one tile and the
/// threads share its units. Rows and units are independent, so both forms give the same results.
class SequenceTiles {
 public:
  SequenceTiles(const Segments& segments, std::int64_t dim) : segments_(segments), dim_(dim) {
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      if (segments.length(b) > 0) {
        order_.push_back(b);
      }
    }
    std::stable_sort(order_.begin(), order_.end(), [&](std::int64_t a, std::int64_t b) {
      return segments.length(a) > segments.length(b);
    });
    // Four tiles per thread, but of at least a dozen rows, which cost little more than one row.
    constexpr std::int64_t kFewRows = 12;
    constexpr std::int64_t kMostRows = 48;
    constexpr std::int64_t kSharedWork = 1 << 17;
    const auto count = static_cast<std::int64_t>(order_.size());
    const std::int64_t threads = omp_get_max_threads();
    shared_ = count > 0 && count < threads && 3 * dim * dim >= kSharedWork;
    const std::int64_t each = std::max<std::int64_t>(1, (count + threads - 1) / threads);
    tiles_ = {count,
              shared_ ? count : std::clamp((each + 3) / 4, std::min(kFewRows, each), kMostRows)};
  }

  [[nodiscard]] const Tiles& tiles() const { return tiles_; }
  [[nodiscard]] std::int64_t tile_rows() const { return tiles_.size; }
  [[nodiscard]] std::int64_t dim() const { return dim_; }
  [[nodiscard]] bool shared() const { return shared_; }
  /// Multiply-adds of all steps.
  [[nodiscard]] double work() const { return product_work(segments_.num_tokens(), 3, dim_, dim_); }
  [[nodiscard]] std::int64_t length(std::int64_t row) const { return segments_.length(at(row)); }
  [[nodiscard]] std::int64_t token(std::int64_t row, std::int64_t t) const {
    return segments_.begin(at(row)) + t;
  }

 private:
  [[nodiscard]] std::int64_t at(std::int64_t row) const {
    return order_[static_cast<std::size_t>(row)];
  }

  const Segments& segments_;
  std::int64_t dim_;
  std::vector<std::int64_t> order_;
  bool shared_ = false;
  Tiles tiles_{0, 1};
};

/// A tile's sequences as rows, the longest first, and the caller's units.
struct SequenceTile {
  const SequenceTiles& of;
  std::int64_t begin;
  std::int64_t rows;
  Units units;

  [[nodiscard]] std::int64_t longest() const { return of.length(begin); }
  /// The number of rows among the first `count` that have a token t.
  [[nodiscard]] std::int64_t active(std::int64_t count, std::int64_t t) const {
    while (count > 0 && of.length(begin + count - 1) <= t) {
      --count;
    }
    return count;
  }
  [[nodiscard]] std::int64_t token(std::int64_t row, std::int64_t t) const {
    return of.token(begin + row, t);
  }
  /// A barrier of the threads that share the tile, called once per step.
  void wait() const {
    if (of.shared()) {
#pragma omp barrier
    }
  }
};

/// Calls body(tile, memory) for every tile, or for every thread's part of a shared tile; `memory`
/// is the tile's part of `scratch`, the same for all its threads.
template <class T, class Body>
void for_each_tile(const SequenceTiles& sequences,
                   const ThreadScratch<T>& scratch,
                   const Body& body) {
  const std::int64_t dim = sequences.dim();
  if (sequences.shared()) {
    T* memory = scratch.get();
    constexpr std::int64_t kPanel = panel_columns<T>();
    const std::int64_t panels = (dim + kPanel - 1) / kPanel;
#pragma omp parallel
    {
      const std::int64_t part = omp_get_thread_num();
      const std::int64_t parts = omp_get_num_threads();
      const Units units{std::min(dim, panels * part / parts * kPanel),
                        std::min(dim, panels * (part + 1) / parts * kPanel)};
      body(SequenceTile{sequences, 0, sequences.tile_rows(), units}, memory);
    }
    return;
  }
  const Tiles& tiles = sequences.tiles();
  parallel_for(tiles.count(), sequences.work(), [&](std::int64_t i) {
    const std::int64_t begin = tiles.begin(i);
    body(SequenceTile{sequences, begin, tiles.end(i) - begin, Units{0, dim}}, scratch.get());
  });
}

}  // namespace elastic::cpu
