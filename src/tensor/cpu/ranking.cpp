// Ranks and best items over the whole catalogue by tiles; a [rows, V] score matrix never exists.
#include "tensor/kernels/ranking.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>
#include <vector>

#include "tensor/cpu/ranking_by_codes.h"
#include "tensor/cpu/ranking_tiles.h"

namespace elastic::cpu {
namespace {

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

template <class T>
void top_k(const kernels::TopK& kernel) {
  if constexpr (std::is_same_v<T, float>) {
    if (top_k_by_codes(kernel)) {
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
