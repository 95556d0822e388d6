// Ranks and best items over the whole catalogue by chunks of rows; a [rows, V] score matrix never
// exists. Scores are computed in full float32: they are compared with one another.
#include <algorithm>
#include <cub/device/device_segmented_radix_sort.cuh>

#include "cuda/device.cuh"
#include "cuda/gemm.h"
#include "cuda/runtime.h"
#include "tensor/kernels/ranking.h"

namespace elastic::cuda {
namespace {

constexpr std::int64_t kRankedScores = std::int64_t{1} << 23;  ///< elements of a chunk
constexpr std::int64_t kLeastRankedRows = 16;

struct Exclusion {
  const std::int32_t* offsets;
  const std::int32_t* ids;  ///< null: nothing is excluded
};

template <class T>
__device__ __forceinline__ bool is_above(T score, T goal) {
  return !(score < goal);  // NaN ranks above
}

// A block ranks a row's target among its scores [V], of items 1..V.
template <class T>
__global__ void __launch_bounds__(kThreads) rank_kernel(const T* scores,
                                                        std::int64_t items,
                                                        const std::int32_t* targets,
                                                        Exclusion excluded,
                                                        std::int64_t first_row,
                                                        std::int32_t* ranks) {
  const auto row = static_cast<std::int64_t>(blockIdx.x);
  const T* score = scores + row * items - 1;  // by item id
  const std::int32_t target = targets[first_row + row];
  T goal = score[target];
  if (goal != goal) {
    goal = -std::numeric_limits<T>::max();  // NaN: last of the items not excluded
  }
  std::int32_t above = 0;
  for (std::int64_t v = 1 + thread_index(); v <= items; v += num_threads()) {
    above += v != target && is_above(score[v], goal) ? 1 : 0;
  }
  if (excluded.ids != nullptr) {
    const std::int32_t begin = excluded.offsets[first_row + row];
    const std::int32_t end = excluded.offsets[first_row + row + 1];
    for (std::int32_t i = begin + thread_index(); i < end; i += num_threads()) {
      const std::int32_t id = excluded.ids[i];
      const bool repeated = i > begin && excluded.ids[i - 1] == id;
      above -= !repeated && id != target && is_above(score[id], goal) ? 1 : 0;
    }
  }
  above = block_sum(above);
  if (thread_index() == 0) {
    ranks[first_row + row] = above + 1;
  }
}

// Prepares a chunk for sorting: ids, the bounds of the rows, and -inf for excluded items.
template <class T>
__global__ void __launch_bounds__(kThreads) candidates_kernel(T* scores,
                                                              std::int64_t items,
                                                              Exclusion excluded,
                                                              std::int64_t first_row,
                                                              std::int32_t* ids,
                                                              std::int32_t* bounds) {
  const auto row = static_cast<std::int64_t>(blockIdx.x);
  T* score = scores + row * items;
  for (std::int64_t v = thread_index(); v < items; v += num_threads()) {
    ids[row * items + v] = static_cast<std::int32_t>(v + 1);
    if (score[v] != score[v]) {
      score[v] = lowest<T>();
    }
  }
  if (thread_index() == 0) {
    bounds[row] = static_cast<std::int32_t>(row * items);
    bounds[row + 1] = static_cast<std::int32_t>((row + 1) * items);
  }
  __syncthreads();
  if (excluded.ids != nullptr) {
    const std::int32_t begin = excluded.offsets[first_row + row];
    const std::int32_t end = excluded.offsets[first_row + row + 1];
    for (std::int32_t i = begin + thread_index(); i < end; i += num_threads()) {
      score[excluded.ids[i] - 1] = lowest<T>();
    }
  }
}

template <class T>
__global__ void best_kernel(const T* scores,
                            const std::int32_t* ids,
                            std::int64_t rows,
                            std::int64_t items,
                            std::int64_t k,
                            std::int32_t* best_ids,
                            T* best_scores) {
  for (std::int64_t i = grid_thread(); i < rows * k; i += grid_size()) {
    const std::int64_t row = i / k;
    const std::int64_t place = i % k;
    const T score = place < items ? scores[row * items + place] : lowest<T>();
    const bool present = score != lowest<T>();
    best_ids[i] = present ? ids[row * items + place] : 0;
    best_scores[i] = score;
  }
}

Exclusion exclusion(const Segments& excluded, const Tensor& excluded_ids) {
  if (!excluded_ids.defined()) {
    return {nullptr, nullptr};
  }
  return {excluded.device_offsets().data<std::int32_t>(), excluded_ids.data<std::int32_t>()};
}

// Calls body(first row, rows, scores [rows, V]) for chunks of rows.
template <class T, class Body>
void for_each_chunk(const char* op, const Tensor& hidden, const Tensor& table, const Body& body) {
  const std::int64_t dim = hidden.cols();
  const std::int64_t items = table.rows() - 1;
  const std::int64_t chunk =
      std::min(hidden.rows(), std::max(kLeastRankedRows, kRankedScores / items));
  Tensor scores = workspace<T>(chunk * items);
  for (std::int64_t begin = 0; begin < hidden.rows(); begin += chunk) {
    const std::int64_t rows = std::min(chunk, hidden.rows() - begin);
    gemm_exact<T>(op,
                  rows,
                  items,
                  dim,
                  {hidden.data<T>() + begin * dim, dim},
                  {table.data<T>() + dim, dim, true},
                  scores.data<T>(),
                  items);
    body(begin, rows, scores.data<T>());
  }
}

template <class T>
void rank_targets(const kernels::RankTargets& k) {
  const char* op = k.kName;
  for_each_chunk<T>(
      op, k.hidden, k.table, [&](std::int64_t begin, std::int64_t rows, const T* scores) {
        launch(op,
               rank_kernel<T>,
               dim3(static_cast<unsigned int>(rows)),
               scores,
               k.table.rows() - 1,
               k.targets.data<std::int32_t>(),
               exclusion(k.excluded, k.excluded_ids),
               begin,
               k.ranks.data<std::int32_t>());
      });
}
const OnCuda rank_targets_entry{rank_targets<float>, rank_targets<double>};

template <class T>
void top_k(const kernels::TopK& kernel) {
  const char* op = kernel.kName;
  const std::int64_t items = kernel.table.rows() - 1;
  const std::int64_t k = kernel.ids.cols();
  for_each_chunk<T>(
      op, kernel.hidden, kernel.table, [&](std::int64_t begin, std::int64_t rows, T* chunk) {
        const std::int64_t count = rows * items;
        Tensor sorted = workspace<T>(count);
        Tensor numbers = workspace<std::int32_t>(2 * count + rows + 1);
        auto* candidates = numbers.data<std::int32_t>();
        std::int32_t* sorted_ids = candidates + count;
        std::int32_t* bounds = sorted_ids + count;
        launch(op,
               candidates_kernel<T>,
               dim3(static_cast<unsigned int>(rows)),
               chunk,
               items,
               exclusion(kernel.excluded, kernel.excluded_ids),
               begin,
               candidates,
               bounds);
        // Stable: of equal scores the smaller id stays first.
        std::size_t bytes = 0;
        const auto sort = [&](void* scratch) {
          check(cub::DeviceSegmentedRadixSort::SortPairsDescending(scratch,
                                                                   bytes,
                                                                   static_cast<const T*>(chunk),
                                                                   sorted.data<T>(),
                                                                   candidates,
                                                                   sorted_ids,
                                                                   static_cast<int>(count),
                                                                   static_cast<int>(rows),
                                                                   bounds,
                                                                   bounds + 1,
                                                                   0,
                                                                   static_cast<int>(sizeof(T)) * 8,
                                                                   runtime().stream()),
                op,
                "cub::SortPairsDescending");
        };
        sort(nullptr);
        Tensor scratch = workspace<std::int32_t>(static_cast<std::int64_t>(bytes / 4 + 1));
        sort(scratch.raw_data());
        launch(op,
               best_kernel<T>,
               dim3(blocks_of(rows * k, kThreads)),
               sorted.data<T>(),
               sorted_ids,
               rows,
               items,
               k,
               kernel.ids.data<std::int32_t>() + begin * k,
               kernel.scores.data<T>() + begin * k);
      });
}
const OnCuda top_k_entry{top_k<float>, top_k<double>};

}  // namespace
}  // namespace elastic::cuda
