#include "tensor/cpu/ranking_by_codes.h"

#include <algorithm>
#include <span>
#include <vector>

#include "tensor/cpu/code_bounds.h"
#include "tensor/cpu/ranking_tiles.h"

namespace elastic::cpu {
namespace {

// An item that may be among a row's best, with the bounds of its score.
struct Candidate {
  float upper;
  float lower;
  std::int32_t id;
};

// The candidates of a row among the items of a range.
class Candidates {
 public:
  Candidates(std::int64_t k, std::int64_t range_size)
      : floor_(k), capacity_(static_cast<std::size_t>(std::max(4 * k, range_size / 4))) {}

  // Adds the items of a tile whose upper bound reaches the k-th best lower bound so far.
  void add(const ScoreTiles<float>& tiles,
           std::int64_t row,
           const CodedState& state,
           const float* scales,
           const float* upper,
           std::int64_t first,
           std::int64_t count) {
    float threshold = floor_.threshold();
    if (too_many_ || !any_reaches(upper, count, threshold)) {
      return;
    }
    for (std::int64_t v = 0; v < count; ++v) {
      const auto id = static_cast<std::int32_t>(first + v);
      if (upper[v] >= threshold && !tiles.is_excluded(row, id)) {
        const float lower = lower_bound(state, scales[v], upper[v]);
        floor_.offer(lower, id);
        threshold = floor_.threshold();
        items_.push_back({upper[v], lower, id});
      }
    }
    if (items_.size() >= capacity_) {
      std::erase_if(items_, [&](const Candidate& item) { return item.upper < threshold; });
      too_many_ = items_.size() >= capacity_ / 2;
    }
  }
  [[nodiscard]] const std::vector<Candidate>& items() const { return items_; }
  [[nodiscard]] bool too_many() const { return too_many_; }

 private:
  BestItems<float> floor_;  // by lower bounds
  std::size_t capacity_;
  std::vector<Candidate> items_;
  bool too_many_ = false;
};

// Scores the candidates of all ranges that reach the k-th best lower bound of the row. Items below
// it score less than k others, so that the best k are the same as without bounds.
void write_best(const ScoreTiles<float>& tiles,
                std::int64_t row,
                std::span<const Candidates> ranges,
                const kernels::TopK& kernel) {
  const std::int64_t k = kernel.ids.cols();
  BestItems<float> floor(k);
  for (const Candidates& range : ranges) {
    for (const Candidate& item : range.items()) {
      floor.offer(item.lower, item.id);
    }
  }
  BestItems<float> best(k);
  for (const Candidates& range : ranges) {
    for (const Candidate& item : range.items()) {
      if (item.upper >= floor.threshold()) {
        best.offer(tiles.score(row, item.id), item.id);
      }
    }
  }
  best.write(kernel.ids.data<std::int32_t>() + row * k, kernel.scores.data<float>() + row * k);
}

std::int64_t most_coded_rows() {
  constexpr std::int64_t kMostPortableRows = 4;
  return byte_unit() == ByteUnit::kPortable ? kMostPortableRows : kMostCodedRows;
}

}  // namespace

bool top_k_by_codes(const kernels::TopK& kernel) {
  if (!kernel.codes.defined() || kernel.hidden.rows() > most_coded_rows()) {
    return false;
  }
  const ScoreTiles<float> tiles(kernel.hidden, kernel.table, kernel.excluded, kernel.excluded_ids);
  const ItemCodes& codes = kernel.codes;
  const std::int64_t rows = kernel.hidden.rows();
  const std::int64_t dim = kernel.hidden.cols();
  const std::int64_t k = kernel.ids.cols();
  std::vector<CodedState> states(static_cast<std::size_t>(rows));
  for (std::int64_t r = 0; r < rows; ++r) {
    if (!encode_state(kernel.hidden.data<float>() + r * dim,
                      dim,
                      codes,
                      states[static_cast<std::size_t>(r)])) {
      return false;
    }
  }
  const Tiles ranges = item_ranges(tiles.num_items(), Tiles{rows, kBlockRows}.count());
  const auto range_count = static_cast<std::size_t>(ranges.count());
  std::vector<Candidates> found(states.size() * range_count, Candidates(k, ranges.size));
  const auto* const scales = codes.scales.data<float>();
  static_assert(kItemTile % kCodeSlots == 0);
  for_parts(
      tiles, rows, dim, ranges, [&](std::int64_t begin, std::int64_t part, std::int64_t range) {
        float upper[kItemTile];
        for_item_tiles(
            ranges.begin(range), ranges.end(range), [&](std::int64_t first, std::int64_t count) {
              for (std::int64_t r = begin; r < begin + part; ++r) {
                const auto row = static_cast<std::size_t>(r);
                upper_bounds(states[row], codes, first, kItemTile, upper);
                found[row * range_count + static_cast<std::size_t>(range)].add(
                    tiles, r, states[row], scales + first, upper, first + 1, count);
              }
            });
      });
  std::int64_t total = 0;
  for (const Candidates& part : found) {
    if (part.too_many()) {
      return false;
    }
    total += static_cast<std::int64_t>(part.items().size());
  }
  parallel_for(rows, product_work(total, dim), [&](std::int64_t r) {
    write_best(tiles,
               r,
               std::span(found).subspan(static_cast<std::size_t>(r) * range_count, range_count),
               kernel);
  });
  return true;
}

}  // namespace elastic::cpu
