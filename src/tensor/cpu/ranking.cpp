// Ranks and best items over the whole catalogue by tiles; a [rows, V] score matrix never exists.
#include "tensor/kernels/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <type_traits>
#include <vector>

#include "tensor/cpu/catalogue_tiles.h"
#include "tensor/cpu/code_bounds.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

// A range of items for each part of the work on `blocks` blocks of rows: with few rows, such as one
// question, all threads share the catalogue. The results do not depend on the ranges.
Tiles item_ranges(std::int64_t items, std::int64_t blocks) {
  constexpr std::int64_t kParts = 32;
  constexpr std::int64_t kLeastItems = 16 * kItemTile;
  const std::int64_t size = std::max(kLeastItems, items * blocks / kParts);
  return {items, (size + kItemTile - 1) / kItemTile * kItemTile};
}

// Scores of a block of rows, item tile by item tile, with each row's excluded items set to -inf.
template <class T>
class ScoreTiles {
 public:
  ScoreTiles(const Tensor& hidden,
             const Tensor& table,
             const Segments& excluded,
             const Tensor& excluded_ids)
      : dim_(hidden.cols()),
        items_(table.rows() - 1),
        hidden_(hidden.data<T>()),
        table_(table.data<T>()),
        excluded_(excluded),
        excluded_ids_(excluded_ids.defined() ? excluded_ids.data<std::int32_t>() : nullptr) {}

  static std::int64_t scratch_size(std::int64_t dim) {
    return packed_size<T>(dim, kItemTile) + kBlockRows * kItemTile;
  }

  // Calls body(first item id, number of items, scores [rows, kItemTile]) for tiles of the items
  // item_begin + 1..item_end in ascending order.
  template <class Body>
  void for_each(std::int64_t row_begin,
                std::int64_t rows,
                std::int64_t item_begin,
                std::int64_t item_end,
                T* scratch,
                const Body& body) const {
    T* packed = scratch;
    T* scores = packed + packed_size<T>(dim_, kItemTile);
    std::int32_t next[kBlockRows];
    for (std::int64_t r = 0; r < rows; ++r) {
      next[r] = excluded_ids_ == nullptr ? 0 : first_excluded(row_begin + r, item_begin + 1);
    }
    for_item_tiles(item_begin + 1, item_end + 1, [&](std::int64_t first, std::int64_t count) {
      // The items are the packed side: with them in the vectors' lanes, one row uses whole vectors.
      pack_exact(dim_, count, transposed<T>(table_ + first * dim_, dim_), packed);
      gemm_exact(rows,
                 count,
                 dim_,
                 row_major<T>(hidden_ + row_begin * dim_, dim_),
                 packed,
                 scores,
                 kItemTile,
                 false);
      for (std::int64_t r = 0; excluded_ids_ != nullptr && r < rows; ++r) {
        const std::int32_t end = excluded_.end(row_begin + r);
        for (; next[r] < end && excluded_ids_[next[r]] < first + count; ++next[r]) {
          scores[r * kItemTile + excluded_ids_[next[r]] - first] =
              -std::numeric_limits<T>::infinity();
        }
      }
      body(first, count, scores);
    });
  }

  // Computes the same bits as a tile. In a plain loop the compiler could round products before
  // adding them.
  [[nodiscard]] T score(std::int64_t row, std::int64_t item) const {
    T sum = 0;
    gemm_unpacked_exact(1,
                        1,
                        dim_,
                        row_major<T>(hidden_ + row * dim_, dim_),
                        table_ + item * dim_,
                        1,
                        &sum,
                        1,
                        false);
    return sum;
  }

  [[nodiscard]] std::int64_t num_items() const { return items_; }
  [[nodiscard]] bool is_excluded(std::int64_t row, std::int32_t item) const {
    return excluded_ids_ != nullptr &&
           std::binary_search(
               excluded_ids_ + excluded_.begin(row), excluded_ids_ + excluded_.end(row), item);
  }

 private:
  // The place of the row's first excluded item from `item` on.
  [[nodiscard]] std::int32_t first_excluded(std::int64_t row, std::int64_t item) const {
    const std::int32_t* const begin = excluded_ids_ + excluded_.begin(row);
    const std::int32_t* const end = excluded_ids_ + excluded_.end(row);
    return static_cast<std::int32_t>(std::lower_bound(begin, end, item) - excluded_ids_);
  }

  std::int64_t dim_;
  std::int64_t items_;
  const T* hidden_;
  const T* table_;
  const Segments& excluded_;
  const std::int32_t* excluded_ids_;
};

// A row's best items so far, the worst of them first (a heap).
template <class T>
class BestItems {
 public:
  explicit BestItems(std::int64_t capacity) : capacity_(static_cast<std::size_t>(capacity)) {}

  void offer(T score, std::int32_t id) {
    if (heap_.size() == capacity_) {
      if (!better({score, id}, heap_.front())) {
        return;
      }
      std::pop_heap(heap_.begin(), heap_.end(), better);
      heap_.pop_back();
    }
    heap_.push_back({score, id});
    std::push_heap(heap_.begin(), heap_.end(), better);
  }
  /// Lower scores cannot enter.
  [[nodiscard]] T threshold() const {
    return heap_.size() < capacity_ ? -std::numeric_limits<T>::infinity() : heap_.front().score;
  }
  /// Descending, padded with id 0 and -inf.
  void write(std::int32_t* ids, T* scores) {
    std::sort_heap(heap_.begin(), heap_.end(), better);
    for (std::size_t i = 0; i < capacity_; ++i) {
      const bool present =
          i < heap_.size() && heap_[i].score != -std::numeric_limits<T>::infinity();
      ids[i] = present ? heap_[i].id : 0;
      scores[i] = present ? heap_[i].score : -std::numeric_limits<T>::infinity();
    }
  }

 private:
  struct Entry {
    T score;
    std::int32_t id;
  };
  static bool better(const Entry& a, const Entry& b) {
    return a.score > b.score || (a.score == b.score && a.id < b.id);
  }
  std::size_t capacity_;
  std::vector<Entry> heap_;
};

// Without a branch per score, so that the compiler compares whole vectors.
template <class T>
bool any_reaches(const T* scores, std::int64_t count, T threshold) {
  std::int32_t reached = 0;
  for (std::int64_t v = 0; v < count; ++v) {
    reached += scores[v] >= threshold ? 1 : 0;
  }
  return reached != 0;
}

// Calls body(first row, rows, range of items) for each part of the work.
template <class T, class Body>
void for_parts(const ScoreTiles<T>& tiles,
               std::int64_t rows,
               std::int64_t dim,
               const Tiles& ranges,
               const Body& body) {
  const Tiles blocks{rows, kBlockRows};
  parallel_for(blocks.count() * ranges.count(),
               product_work(rows, tiles.num_items(), dim),
               [&](std::int64_t part) {
                 const std::int64_t block = part / ranges.count();
                 const std::int64_t begin = blocks.begin(block);
                 body(begin, blocks.end(block) - begin, part % ranges.count());
               });
}

template <class T>
void rank_targets(const kernels::RankTargets& k) {
  const ScoreTiles<T> tiles(k.hidden, k.table, k.excluded, k.excluded_ids);
  const ThreadScratch<T> scratch(ScoreTiles<T>::scratch_size(k.hidden.cols()));
  const std::int64_t all_rows = k.hidden.rows();
  const Tiles ranges = item_ranges(tiles.num_items(), Tiles{all_rows, kBlockRows}.count());
  const Tensor counts = workspace<std::int32_t>(ranges.count() * all_rows);
  const auto* target = k.targets.data<std::int32_t>();
  for_parts(
      tiles,
      all_rows,
      k.hidden.cols(),
      ranges,
      [&](std::int64_t begin, std::int64_t rows, std::int64_t range) {
        T goal[kBlockRows];
        std::int32_t above[kBlockRows];  // threads would share lines of `counts`
        for (std::int64_t r = 0; r < rows; ++r) {
          goal[r] = tiles.score(begin + r, target[begin + r]);
          if (std::isnan(goal[r])) {
            goal[r] = std::numeric_limits<T>::lowest();  // below all items that are not excluded
          }
          above[r] = 0;
        }
        tiles.for_each(begin,
                       rows,
                       ranges.begin(range),
                       ranges.end(range),
                       scratch.get(),
                       [&](std::int64_t first, std::int64_t count, T* scores) {
                         for (std::int64_t r = 0; r < rows; ++r) {
                           if (const std::int64_t own = target[begin + r] - first;
                               own >= 0 && own < count) {
                             scores[r * kItemTile + own] = -std::numeric_limits<T>::infinity();
                           }
                         }
                         for (std::int64_t r = 0; r < rows; ++r) {
                           const T* row_scores = scores + r * kItemTile;
                           std::int32_t sum = 0;
                           for (std::int64_t v = 0; v < count; ++v) {
                             sum += row_scores[v] < goal[r] ? 0 : 1;
                           }
                           above[r] += sum;
                         }
                       });
        std::copy_n(above, rows, counts.data<std::int32_t>() + range * all_rows + begin);
      });
  for (std::int64_t r = 0; r < all_rows; ++r) {
    std::int32_t rank = 1;
    for (std::int64_t range = 0; range < ranges.count(); ++range) {
      rank += counts.data<std::int32_t>()[range * all_rows + r];
    }
    k.ranks.data<std::int32_t>()[r] = rank;
  }
}
const OnCpu rank_targets_entry{rank_targets<float>, rank_targets<double>};

// Merges a row's best items of each range, as `BestItems::write` left them.
template <class T>
void merge_ranges(std::int64_t row,
                  std::int64_t k,
                  std::int64_t stride,
                  std::int64_t num_ranges,
                  const std::int32_t* ids,
                  const T* scores,
                  const kernels::TopK& kernel) {
  BestItems<T> best(k);
  for (std::int64_t range = 0; range < num_ranges; ++range) {
    const std::int64_t first = range * stride + row * k;
    for (std::int64_t i = first; i < first + k && ids[i] != 0; ++i) {
      best.offer(scores[i], ids[i]);
    }
  }
  best.write(kernel.ids.data<std::int32_t>() + row * k, kernel.scores.data<T>() + row * k);
}

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

// top_k by a first pass over the codes of the items. False, with nothing written, if a row has no
// bounds, or so many candidates that reading all items is faster.
bool top_k_by_codes(const kernels::TopK& kernel) {
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

std::int64_t most_coded_rows() {
  constexpr std::int64_t kMostPortableRows = 4;
  return byte_unit() == ByteUnit::kPortable ? kMostPortableRows : kMostCodedRows;
}

template <class T>
void top_k(const kernels::TopK& kernel) {
  if constexpr (std::is_same_v<T, float>) {
    if (kernel.codes.defined() && kernel.hidden.rows() <= most_coded_rows() &&
        top_k_by_codes(kernel)) {
      return;
    }
  }
  const ScoreTiles<T> tiles(kernel.hidden, kernel.table, kernel.excluded, kernel.excluded_ids);
  const ThreadScratch<T> scratch(ScoreTiles<T>::scratch_size(kernel.hidden.cols()));
  const std::int64_t all_rows = kernel.hidden.rows();
  const std::int64_t k = kernel.ids.cols();
  const Tiles ranges = item_ranges(tiles.num_items(), Tiles{all_rows, kBlockRows}.count());
  const std::int64_t stride = all_rows * k;  // of a range
  const bool one_range = ranges.count() == 1;
  const Tensor part_ids = one_range ? kernel.ids : workspace<std::int32_t>(ranges.count() * stride);
  const Tensor part_scores = one_range ? kernel.scores : workspace<T>(ranges.count() * stride);
  auto* const ids = part_ids.data<std::int32_t>();
  T* const scores = part_scores.data<T>();
  for_parts(tiles,
            all_rows,
            kernel.hidden.cols(),
            ranges,
            [&](std::int64_t begin, std::int64_t rows, std::int64_t range) {
              std::vector<BestItems<T>> best(static_cast<std::size_t>(rows), BestItems<T>(k));
              tiles.for_each(begin,
                             rows,
                             ranges.begin(range),
                             ranges.end(range),
                             scratch.get(),
                             [&](std::int64_t first, std::int64_t count, const T* tile) {
                               for (std::int64_t r = 0; r < rows; ++r) {
                                 BestItems<T>& row_best = best[static_cast<std::size_t>(r)];
                                 T threshold = row_best.threshold();
                                 const T* row_scores = tile + r * kItemTile;
                                 if (!any_reaches(row_scores, count, threshold)) {
                                   continue;
                                 }
                                 for (std::int64_t v = 0; v < count; ++v) {
                                   if (row_scores[v] >= threshold) {
                                     row_best.offer(row_scores[v],
                                                    static_cast<std::int32_t>(first + v));
                                     threshold = row_best.threshold();
                                   }
                                 }
                               }
                             });
              for (std::int64_t r = 0; r < rows; ++r) {
                const std::int64_t place = range * stride + (begin + r) * k;
                best[static_cast<std::size_t>(r)].write(ids + place, scores + place);
              }
            });
  for (std::int64_t row = 0; row < all_rows && !one_range; ++row) {
    merge_ranges(row, k, stride, ranges.count(), ids, scores, kernel);
  }
}
const OnCpu top_k_entry{top_k<float>, top_k<double>};

}  // namespace
}  // namespace elastic::cpu
