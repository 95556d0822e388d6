// Ranks and best items over the whole catalogue by tiles; a [rows, V] score matrix never exists.
#include "tensor/kernels/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/cpu/catalogue_tiles.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

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
    return packed_size<T>(dim, kBlockRows) + kItemTile * kBlockRows;
  }

  // Calls body(first item id, number of items, scores [items, rows]) for tiles in ascending order.
  template <class Body>
  void for_each(std::int64_t row_begin, std::int64_t rows, T* scratch, const Body& body) const {
    T* packed = scratch;
    T* scores = packed + packed_size<T>(dim_, kBlockRows);
    pack(dim_, rows, transposed<T>(hidden_ + row_begin * dim_, dim_), packed);
    std::int32_t next[kBlockRows];
    for (std::int64_t r = 0; r < rows; ++r) {
      next[r] = excluded_ids_ == nullptr ? 0 : excluded_.begin(row_begin + r);
    }
    for_item_tiles(1, items_ + 1, [&](std::int64_t first, std::int64_t count) {
      gemm(count,
           rows,
           dim_,
           row_major<T>(table_ + first * dim_, dim_),
           packed,
           scores,
           rows,
           false);
      for (std::int64_t r = 0; excluded_ids_ != nullptr && r < rows; ++r) {
        const std::int32_t end = excluded_.end(row_begin + r);
        for (; next[r] < end && excluded_ids_[next[r]] < first + count; ++next[r]) {
          scores[(excluded_ids_[next[r]] - first) * rows + r] = -std::numeric_limits<T>::infinity();
        }
      }
      body(first, count, scores);
    });
  }

  // Computes the same bits as a tile. In a plain loop the compiler could round products before
  // adding them.
  [[nodiscard]] T score(std::int64_t row, std::int64_t item) const {
    T sum = 0;
    gemm_unpacked(1,
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

 private:
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

template <class T>
void rank_targets(const kernels::RankTargets& k) {
  const ScoreTiles<T> tiles(k.hidden, k.table, k.excluded, k.excluded_ids);
  const ThreadScratch<T> scratch(ScoreTiles<T>::scratch_size(k.hidden.cols()));
  const Tiles blocks{k.hidden.rows(), kBlockRows};
  const auto* target = k.targets.data<std::int32_t>();
  parallel_for(
      blocks.count(),
      product_work(k.hidden.rows(), k.table.rows(), k.table.cols()),
      [&](std::int64_t b) {
        const std::int64_t begin = blocks.begin(b);
        const std::int64_t rows = blocks.end(b) - begin;
        T goal[kBlockRows];
        std::int32_t above[kBlockRows];
        for (std::int64_t r = 0; r < rows; ++r) {
          goal[r] = tiles.score(begin + r, target[begin + r]);
          if (std::isnan(goal[r])) {
            goal[r] = std::numeric_limits<T>::lowest();  // below all items that are not excluded
          }
          above[r] = 0;
        }
        tiles.for_each(
            begin, rows, scratch.get(), [&](std::int64_t first, std::int64_t count, T* scores) {
              for (std::int64_t r = 0; r < rows; ++r) {
                if (const std::int64_t own = target[begin + r] - first; own >= 0 && own < count) {
                  scores[own * rows + r] = -std::numeric_limits<T>::infinity();
                }
              }
              for (std::int64_t v = 0; v < count; ++v) {
                for (std::int64_t r = 0; r < rows; ++r) {
                  above[r] += scores[v * rows + r] < goal[r] ? 0 : 1;
                }
              }
            });
        for (std::int64_t r = 0; r < rows; ++r) {
          k.ranks.data<std::int32_t>()[begin + r] = above[r] + 1;
        }
      });
}
const OnCpu rank_targets_entry{rank_targets<float>, rank_targets<double>};

template <class T>
void top_k(const kernels::TopK& kernel) {
  const ScoreTiles<T> tiles(kernel.hidden, kernel.table, kernel.excluded, kernel.excluded_ids);
  const ThreadScratch<T> scratch(ScoreTiles<T>::scratch_size(kernel.hidden.cols()));
  const Tiles blocks{kernel.hidden.rows(), kBlockRows};
  const std::int64_t k = kernel.ids.cols();
  parallel_for(
      blocks.count(),
      product_work(kernel.hidden.rows(), kernel.table.rows(), kernel.table.cols()),
      [&](std::int64_t b) {
        const std::int64_t begin = blocks.begin(b);
        const std::int64_t rows = blocks.end(b) - begin;
        std::vector<BestItems<T>> best(static_cast<std::size_t>(rows), BestItems<T>(k));
        tiles.for_each(
            begin, rows, scratch.get(), [&](std::int64_t first, std::int64_t count, const T* tile) {
              for (std::int64_t r = 0; r < rows; ++r) {
                BestItems<T>& row_best = best[static_cast<std::size_t>(r)];
                T threshold = row_best.threshold();
                for (std::int64_t v = 0; v < count; ++v) {
                  if (tile[v * rows + r] >= threshold) {
                    row_best.offer(tile[v * rows + r], static_cast<std::int32_t>(first + v));
                    threshold = row_best.threshold();
                  }
                }
              }
            });
        for (std::int64_t r = 0; r < rows; ++r) {
          best[static_cast<std::size_t>(r)].write(kernel.ids.data<std::int32_t>() + (begin + r) * k,
                                                  kernel.scores.data<T>() + (begin + r) * k);
        }
      });
}
const OnCpu top_k_entry{top_k<float>, top_k<double>};

}  // namespace
}  // namespace elastic::cpu
