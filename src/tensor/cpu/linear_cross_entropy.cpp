// Softmax cross-entropy over the whole catalogue without stored logits.
//
// Rows form blocks of 64, processed a few blocks (one "round") at a time. A block's logits are kept
// transposed, [items, 64]: the catalogue is the long side and is read in place, the softmax runs
// down columns, one vector lane a row. A round first processes its blocks in parallel (logits,
// exponentials, the rows' gradients), then ranges of items in parallel (the table's gradient,
// adding the blocks in order). A catalogue of more than kSlabItems is processed in slabs: this
// bounds the workspace for any R and V, but computes the logits twice.
#include "tensor/kernels/linear_cross_entropy.h"

#include <cmath>
#include <limits>

#include "tensor/cpu/catalogue_tiles.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

constexpr std::int64_t kSlabItems = 16384;

// The logit of an excluded item lies this far below the target's: it is never the maximum, its
// exponential is below the rounding of the sum, and rarely a subnormal number, which would be slow.
// The exponential is then set to 0.
constexpr double kExcludedBelowTarget = 60.0;
template <class T>
constexpr T kZeros[kBlockRows] = {};

template <class T>
class CrossEntropy {
 public:
  CrossEntropy(const Tensor& hidden,
               const Tensor& table,
               const Tensor& targets,
               const RowLists& excluded,
               Tensor* grad_hidden,
               Tensor* grad_table)
      : rows_(hidden.rows()),
        dim_(hidden.cols()),
        items_(table.rows() - 1),
        slab_items_(std::min(items_, kSlabItems)),
        hidden_(hidden.data<T>()),
        table_(table.data<T>() + dim_),
        targets_(targets.data<std::int32_t>()),
        excluded_(excluded),
        grad_hidden_(grad_hidden == nullptr ? nullptr : grad_hidden->data<T>()),
        grad_table_(grad_table == nullptr ? nullptr : grad_table->data<T>() + dim_),
        blocks_{rows_, kBlockRows},
        // Enough blocks to keep all threads busy; more would not fit the cache.
        round_blocks_(std::min<std::int64_t>(blocks_.count(), 2 * omp_get_max_threads())),
        packed_(packed_size<T>(dim_, kBlockRows)),
        logits_(workspace<T>(round_blocks_ * slab_items_ * kBlockRows)),
        packed_hidden_(workspace<T>(round_blocks_ * packed_)),
        scaled_hidden_(workspace<T>(round_blocks_ * kBlockRows * dim_)),
        statistics_(workspace<T>(round_blocks_ * kStatistics * kBlockRows)),
        block_losses_(workspace<double>(blocks_.count())) {}

  double run() {
    const Tiles slabs{items_, slab_items_};
    for (std::int64_t first = 0; first < blocks_.count(); first += round_blocks_) {
      const std::int64_t count = std::min(round_blocks_, blocks_.count() - first);
      parallel_for(count, product_work(rows_, items_, dim_), [&](std::int64_t i) {
        start(first + i, i);
        for (std::int64_t s = 0; s < slabs.count(); ++s) {
          logits_of_slab(first + i, i, slabs.begin(s), slabs.end(s));
        }
        finish_softmax(first + i, i);
      });
      if (grad_hidden_ == nullptr) {
        continue;
      }
      for (std::int64_t s = 0; s < slabs.count(); ++s) {
        parallel_for(count, product_work(rows_, items_, dim_), [&](std::int64_t i) {
          exponentials_of_slab(first + i, i, slabs.begin(s), slabs.end(s), slabs.count() > 1);
          add_row_gradient(first + i, i, slabs.begin(s), slabs.end(s));
          if (s + 1 == slabs.count()) {
            finish_row_gradient(first + i, i);
          }
        });
        add_table_gradient(first, count, slabs.begin(s), slabs.end(s));
      }
    }
    double total = 0.0;
    for (std::int64_t b = 0; b < blocks_.count(); ++b) {
      total += block_losses_.data<double>()[b];
    }
    return total / static_cast<double>(rows_);
  }

 private:
  static constexpr std::int64_t kStatistics = 5;

  // A block's state in the round: `slot` counts within the round.
  T* logits(std::int64_t slot) const { return logits_.data<T>() + slot * slab_items_ * kBlockRows; }
  T* maximum(std::int64_t slot) const {
    return statistics_.data<T>() + slot * kStatistics * kBlockRows;
  }
  T* denominator(std::int64_t slot) const { return maximum(slot) + kBlockRows; }
  T* target_logit(std::int64_t slot) const { return maximum(slot) + 2 * kBlockRows; }
  T* slab_maximum(std::int64_t slot) const { return maximum(slot) + 3 * kBlockRows; }
  T* excluded_logit(std::int64_t slot) const { return maximum(slot) + 4 * kBlockRows; }
  T* scaled_hidden(std::int64_t slot) const {
    return scaled_hidden_.data<T>() + slot * kBlockRows * dim_;
  }
  std::int64_t block_rows(std::int64_t block) const {
    return blocks_.end(block) - blocks_.begin(block);
  }
  T weight() const { return T(1) / static_cast<T>(rows_); }

  void start(std::int64_t block, std::int64_t slot) const {
    pack(dim_,
         block_rows(block),
         transposed<T>(hidden_ + blocks_.begin(block) * dim_, dim_),
         packed_hidden_.data<T>() + slot * packed_);
    std::fill(maximum(slot), maximum(slot) + kBlockRows, -std::numeric_limits<T>::infinity());
    fill_zero(denominator(slot), kBlockRows);
    for (std::int64_t r = 0; excluded_.defined() && r < block_rows(block); ++r) {
      const std::int64_t row = blocks_.begin(block) + r;
      const T target = dot(hidden_ + row * dim_, table_ + (targets_[row] - 1) * dim_, dim_);
      excluded_logit(slot)[r] = target - static_cast<T>(kExcludedBelowTarget);
    }
  }

  // logits [items, rows] of the block for the tile's items.
  void tile_product(
      std::int64_t block, std::int64_t slot, std::int64_t item, std::int64_t count, T* out) const {
    gemm(count,
         block_rows(block),
         dim_,
         row_major<T>(table_ + item * dim_, dim_),
         packed_hidden_.data<T>() + slot * packed_,
         out,
         block_rows(block),
         false);
  }

  // The logits of the slab, those of excluded items replaced.
  void slab_logits(std::int64_t block,
                   std::int64_t slot,
                   std::int64_t begin,
                   std::int64_t end) const {
    for_item_tiles(0, end - begin, [&](std::int64_t v, std::int64_t count) {
      tile_product(block, slot, begin + v, count, logits(slot) + v * block_rows(block));
    });
    overwrite_excluded(block, slot, begin, end, excluded_logit(slot));
  }

  // Calls body(row of the block, index in its column of the slab) for the rows whose target lies in
  // the slab.
  template <class Body>
  void for_targets(std::int64_t block,
                   std::int64_t begin,
                   std::int64_t end,
                   const Body& body) const {
    for (std::int64_t r = 0; r < block_rows(block); ++r) {
      const std::int64_t target = targets_[blocks_.begin(block) + r] - 1;
      if (target >= begin && target < end) {
        body(r, (target - begin) * block_rows(block) + r);
      }
    }
  }

  // Sets the entries of excluded items in the slab, except targets, to value[row].
  void overwrite_excluded(std::int64_t block,
                          std::int64_t slot,
                          std::int64_t begin,
                          std::int64_t end,
                          const T* value) const {
    if (!excluded_.defined()) {
      return;
    }
    T* slab = logits(slot);
    const std::int64_t rows = block_rows(block);
    const std::int32_t* first = excluded_.begins.data<std::int32_t>() + blocks_.begin(block);
    const std::int32_t* count = excluded_.counts.data<std::int32_t>() + blocks_.begin(block);
    T kept[kBlockRows];
    for_targets(block, begin, end, [&](std::int64_t r, std::int64_t i) { kept[r] = slab[i]; });
    for (std::int64_t r = 0; r < rows;) {
      // Prefixes of one list, none shorter than the one before: an item concerns adjacent rows.
      std::int64_t last = r;
      while (last + 1 < rows && first[last + 1] == first[r] && count[last + 1] >= count[last]) {
        ++last;
      }
      const std::int32_t* ids = excluded_.ids.data<std::int32_t>() + first[r];
      std::int64_t from = r;
      for (std::int32_t i = 0; i < count[last]; ++i) {
        while (count[from] <= i) {
          ++from;
        }
        const std::int64_t item = ids[i] - 1;
        if (item >= begin && item < end) {
          std::copy(value + from, value + last + 1, slab + (item - begin) * rows + from);
        }
      }
      r = last + 1;
    }
    for_targets(block, begin, end, [&](std::int64_t r, std::int64_t i) { slab[i] = kept[r]; });
  }

  // First pass: the running maximum and denominator; keeps the exponentials if one slab holds all
  // items.
  void logits_of_slab(std::int64_t block,
                      std::int64_t slot,
                      std::int64_t begin,
                      std::int64_t end) const {
    const std::int64_t rows = block_rows(block);
    T* slab = logits(slot);
    T* slab_max = slab_maximum(slot);
    slab_logits(block, slot, begin, end);
    std::copy(maximum(slot), maximum(slot) + rows, slab_max);
    for (std::int64_t i = 0; i < end - begin; ++i) {
      for (std::int64_t r = 0; r < rows; ++r) {
        slab_max[r] = std::max(slab_max[r], slab[i * rows + r]);
      }
    }
    for_targets(block, begin, end, [&](std::int64_t r, std::int64_t i) {
      target_logit(slot)[r] = slab[i];
    });
    for (std::int64_t r = 0; r < rows; ++r) {
      denominator(slot)[r] *= begin == 0 ? T(0) : std::exp(maximum(slot)[r] - slab_max[r]);
      maximum(slot)[r] = slab_max[r];
    }
    for_item_tiles(0, end - begin, [&](std::int64_t v, std::int64_t count) {
      exponentials(slot, slab + v * rows, count, rows);
      add_row_sum(slab + v * rows, count, rows, denominator(slot));
    });
    overwrite_excluded(block, slot, begin, end, kZeros<T>);
  }

  void exponentials(std::int64_t slot, T* tile, std::int64_t count, std::int64_t rows) const {
    const T* shift = maximum(slot);
    for (std::int64_t v = 0; v < count; ++v) {
      for (std::int64_t r = 0; r < rows; ++r) {
        tile[v * rows + r] -= shift[r];
      }
    }
    exp_in_place(tile, count * rows);
  }

  void finish_softmax(std::int64_t block, std::int64_t slot) const {
    double loss = 0.0;
    const std::int64_t rows = block_rows(block);
    for (std::int64_t r = 0; r < rows; ++r) {
      const double log_sum = static_cast<double>(maximum(slot)[r]) +
                             std::log(static_cast<double>(denominator(slot)[r]));
      loss += log_sum - static_cast<double>(target_logit(slot)[r]);
      // Scales the rows that the exponentials multiply, not the exponentials.
      const T factor = weight() / denominator(slot)[r];
      denominator(slot)[r] = factor;
      const T* from = hidden_ + (blocks_.begin(block) + r) * dim_;
      T* to = scaled_hidden(slot) + r * dim_;
      for (std::int64_t j = 0; j < dim_; ++j) {
        to[j] = factor * from[j];
      }
    }
    block_losses_.data<double>()[block] = loss;
  }

  // Second pass over a slab whose exponentials the first did not keep.
  void exponentials_of_slab(std::int64_t block,
                            std::int64_t slot,
                            std::int64_t begin,
                            std::int64_t end,
                            bool again) const {
    if (!again) {
      return;
    }
    slab_logits(block, slot, begin, end);
    exponentials(slot, logits(slot), end - begin, block_rows(block));
    overwrite_excluded(block, slot, begin, end, kZeros<T>);
  }

  // grad_hidden (+)= exp^T table, not yet scaled by the rows' factors.
  void add_row_gradient(std::int64_t block,
                        std::int64_t slot,
                        std::int64_t begin,
                        std::int64_t end) const {
    gemm_unpacked(block_rows(block),
                  dim_,
                  end - begin,
                  transposed<T>(logits(slot), block_rows(block)),
                  table_ + begin * dim_,
                  dim_,
                  grad_hidden_ + blocks_.begin(block) * dim_,
                  dim_,
                  begin > 0);
  }

  void finish_row_gradient(std::int64_t block, std::int64_t slot) const {
    for (std::int64_t r = 0; r < block_rows(block); ++r) {
      const std::int64_t row = blocks_.begin(block) + r;
      const T* target = table_ + (targets_[row] - 1) * dim_;
      T* grad = grad_hidden_ + row * dim_;
      for (std::int64_t j = 0; j < dim_; ++j) {
        grad[j] = denominator(slot)[r] * grad[j] - weight() * target[j];
      }
    }
  }

  // grad_table (+)= exp * (scaled hidden), minus the targets' rows; blocks in order.
  void add_table_gradient(std::int64_t first,
                          std::int64_t count,
                          std::int64_t begin,
                          std::int64_t end) const {
    const Tiles tiles{end - begin, kItemTile};
    parallel_for(tiles.count(), product_work(rows_, items_, dim_), [&](std::int64_t t) {
      const std::int64_t tile_begin = begin + tiles.begin(t);
      const std::int64_t tile_items = tiles.end(t) - tiles.begin(t);
      for (std::int64_t slot = 0; slot < count; ++slot) {
        const std::int64_t rows = block_rows(first + slot);
        gemm_unpacked(tile_items,
                      dim_,
                      rows,
                      row_major<T>(logits(slot) + tiles.begin(t) * rows, rows),
                      scaled_hidden(slot),
                      dim_,
                      grad_table_ + tile_begin * dim_,
                      dim_,
                      first + slot > 0);
        for (std::int64_t row = blocks_.begin(first + slot); row < blocks_.end(first + slot);
             ++row) {
          const std::int64_t target = targets_[row] - 1;
          if (target >= tile_begin && target < tile_begin + tile_items) {
            T* grad = grad_table_ + target * dim_;
            const T* from = hidden_ + row * dim_;
            for (std::int64_t j = 0; j < dim_; ++j) {
              grad[j] -= weight() * from[j];
            }
          }
        }
      }
    });
  }

  std::int64_t rows_;
  std::int64_t dim_;
  std::int64_t items_;
  std::int64_t slab_items_;
  const T* hidden_;
  const T* table_;  ///< item 1's row
  const std::int32_t* targets_;
  const RowLists& excluded_;
  T* grad_hidden_;
  T* grad_table_;  ///< item 1's row
  Tiles blocks_;
  std::int64_t round_blocks_;
  std::int64_t packed_;
  Tensor logits_;         ///< [round blocks][slab items, 64]
  Tensor packed_hidden_;  ///< [round blocks], packed for the logits
  Tensor scaled_hidden_;  ///< [round blocks][64, D], each row by weight / denominator
  Tensor statistics_;     ///< [round blocks][kStatistics, 64]
  Tensor block_losses_;   ///< sums of the rows' losses
};

template <class T>
void linear_cross_entropy(const kernels::LinearCrossEntropy& k) {
  if (k.grad_table != nullptr) {
    fill_zero(k.grad_table->data<T>(), k.grad_table->cols());
  }
  CrossEntropy<T> computation(
      k.hidden, k.table, k.targets, k.excluded, k.grad_hidden, k.grad_table);
  k.loss.data<T>()[0] = static_cast<T>(computation.run());
}
const OnCpu linear_cross_entropy_entry{linear_cross_entropy<float>, linear_cross_entropy<double>};

}  // namespace
}  // namespace elastic::cpu
