// Shared by ranks and best items: scores by tiles of items, and a row's best items.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <vector>

#include "tensor/cpu/catalogue_tiles.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/segments.h"
#include "tensor/tensor.h"

namespace elastic::cpu {

/// A range of items for each part of the work on `blocks` blocks of rows: with few rows, such as
/// one question, all threads share the catalogue. The results do not depend on the ranges.
inline Tiles item_ranges(std::int64_t items, std::int64_t blocks) {
  constexpr std::int64_t kParts = 32;
  constexpr std::int64_t kLeastItems = 16 * kItemTile;
  const std::int64_t size = std::max(kLeastItems, items * blocks / kParts);
  return {items, (size + kItemTile - 1) / kItemTile * kItemTile};
}

/// Scores of a block of rows, item tile by item tile, with each row's excluded items set to -inf.
template <class T>
class ScoreTiles {
 public:
  /// hidden [R, D], table [V + 1, D]; `excluded` has the ranges of the R rows in `excluded_ids`,
  /// which ascend in each and may be undefined: none. All must outlive this.
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

  /// Numbers of the scratch memory of for_each.
  static std::int64_t scratch_size(std::int64_t dim) {
    return packed_size<T>(dim, kItemTile) + kBlockRows * kItemTile;
  }

  /// Calls body(first item id, number of items, scores [rows, kItemTile]) for tiles of the items
  /// item_begin + 1..item_end in ascending order.
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

  /// The score of one item, with the bits of a tile. In a plain loop the compiler could round
  /// products before adding them.
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

/// A row's best items so far, the worst of them first (a heap).
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

/// Without a branch per score, so that the compiler compares whole vectors.
template <class T>
bool any_reaches(const T* scores, std::int64_t count, T threshold) {
  std::int32_t reached = 0;
  for (std::int64_t v = 0; v < count; ++v) {
    reached += scores[v] >= threshold ? 1 : 0;
  }
  return reached != 0;
}

/// Calls body(first row, rows, range of items) for each part of the work.
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

}  // namespace elastic::cpu
