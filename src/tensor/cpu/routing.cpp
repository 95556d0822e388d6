// Routing tokens to clusters (Roy et al. 2021): products of their directions with centroids, by
// tiles, and the choice of the largest.
#include "tensor/kernels/routing.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>

#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

constexpr double kNormFloor = 1e-12;
// Centroids whose products with a whole segment are held at a time.
constexpr std::int64_t kCentroidBlock = 16;

template <class T>
T norm_of(const T* x, std::int64_t size) {
  LaneSum<T> squares;
  for_lanes<T>(size, [&](auto zero, std::int64_t j) {
    const auto value = load<decltype(zero)>(x + j);
    squares.add(value * value);
  });
  return std::sqrt(squares.total());
}

template <class T>
void unit_sum_rows(const kernels::UnitSum& k) {
  const std::int64_t dim = k.a.cols();
  const Tiles tiles{k.a.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.a.numel()), [&](std::int64_t t) {
    for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
      const T* first = k.a.data<T>() + i * dim;
      const T* second = k.b.data<T>() + i * dim;
      T* sum = k.out.data<T>() + i * dim;
      const T first_factor = T(1) / (norm_of(first, dim) + static_cast<T>(kNormFloor));
      const T second_factor = T(1) / (norm_of(second, dim) + static_cast<T>(kNormFloor));
      for_lanes<T>(dim, [&](auto zero, std::int64_t j) {
        using V = decltype(zero);
        store<V>(sum + j, load<V>(first + j) * first_factor + load<V>(second + j) * second_factor);
      });
    }
  });
}

template <class T>
T largest_score(const T* scores, std::int64_t count) {
  T best = -std::numeric_limits<T>::infinity();
#pragma omp simd reduction(max : best)
  for (std::int64_t i = 0; i < count; ++i) {
    best = scores[i] > best ? scores[i] : best;
  }
  return best;
}

// The first index of the largest score; 0 if all are NaN.
template <class T>
std::int64_t first_largest(const T* scores, std::int64_t count) {
  const std::int64_t found =
      std::find(scores, scores + count, largest_score(scores, count)) - scores;
  return found < count ? found : 0;
}

template <class T>
void find_nearest(const kernels::NearestCentroids& k) {
  const std::int64_t heads = k.centroids.shape()[0];
  const std::int64_t count = k.centroids.shape()[1];
  const std::int64_t head_dim = k.centroids.shape()[2];
  const std::int64_t packed = packed_size<T>(head_dim, count);
  const Tensor by_head = workspace<T>(heads * packed);
  for (std::int64_t h = 0; h < heads; ++h) {
    pack_exact(head_dim,
               count,
               transposed<T>(k.centroids.data<T>() + h * count * head_dim, head_dim),
               by_head.data<T>() + h * packed);
  }
  const Tiles tiles{k.x.rows() / heads, kTokenTile};
  const ThreadScratch<T> scratch(kTokenTile * count);
  parallel_for(
      tiles.count() * heads, product_work(k.x.rows(), count, head_dim), [&](std::int64_t unit) {
        const std::int64_t t = unit / heads;
        const std::int64_t h = unit % heads;
        const std::int64_t tokens = tiles.end(t) - tiles.begin(t);
        const std::int64_t first = tiles.begin(t) * heads + h;
        T* scores = scratch.get();
        gemm_exact(tokens,
                   count,
                   head_dim,
                   row_major<T>(k.x.data<T>() + first * head_dim, heads * head_dim),
                   by_head.data<T>() + h * packed,
                   scores,
                   count,
                   false);
        for (std::int64_t i = 0; i < tokens; ++i) {
          k.nearest.data<std::int32_t>()[first + i * heads] =
              static_cast<std::int32_t>(h * count + first_largest(scores + i * count, count));
        }
      });
}

// The `count`-th largest of some scores, 1 <= count <= size; changes their order.
template <class T>
T select_largest(T* scores, std::int64_t size, std::int64_t count) {
  std::nth_element(scores, scores + count - 1, scores + size, std::greater<T>());
  return scores[count - 1];
}

// The places of the `count` largest of `size` scores in ascending order; ties: the smaller place.
// Calls emit(i) for each. Replaces NaN by the lowest number. `buffer` [size] is scratch.
//
// The count-th largest of the maxima of at least `count` groups is a bound that at least `count`
// scores reach; with small groups few other scores do, and only these candidates are examined.
template <class T, class Emit>
void take_largest(T* scores, std::int64_t size, std::int64_t count, T* buffer, const Emit& emit) {
  if (count == 0) {
    return;
  }
  // The initial value of OpenMP's max reduction.
  constexpr T kLowest = std::numeric_limits<T>::lowest();
  for (std::int64_t i = 0; i < size; ++i) {
    scores[i] = scores[i] > kLowest ? scores[i] : kLowest;
  }
  const Tiles groups{size, std::max<std::int64_t>(1, size / (2 * count))};
  for (std::int64_t g = 0; g < groups.count(); ++g) {
    buffer[g] = largest_score(scores + groups.begin(g), groups.end(g) - groups.begin(g));
  }
  const T bound = select_largest(buffer, groups.count(), count);
  std::int64_t candidates = 0;
  for (std::int64_t i = 0; i < size; ++i) {
    buffer[candidates] = scores[i];  // candidates <= i
    candidates += scores[i] >= bound ? 1 : 0;
  }
  const T least = select_largest(buffer, candidates, count);
  std::int64_t equals =
      count - std::count_if(buffer, buffer + candidates, [&](T score) { return score > least; });
  for (std::int64_t i = 0; i < size; ++i) {
    if (scores[i] > least || (scores[i] == least && equals > 0)) {
      equals -= scores[i] == least ? 1 : 0;
      emit(i);
    }
  }
}

// Products of a block of centroids with a segment's tokens, scores [block, tokens]. `x` is the
// segment's first row of the head, `stride` elements before the next.
template <class T>
void scores_of_segment(const T* x,
                       std::int64_t stride,
                       std::int64_t tokens,
                       const T* centroids,
                       std::int64_t block,
                       std::int64_t head_dim,
                       T* packed,
                       T* scores) {
  const Tiles tiles{tokens, kTokenTile};
  for (std::int64_t t = 0; t < tiles.count(); ++t) {
    const std::int64_t begin = tiles.begin(t);
    const std::int64_t width = tiles.end(t) - begin;
    pack_exact(head_dim, width, transposed<T>(x + begin * stride, stride), packed);
    gemm_exact(block,
               width,
               head_dim,
               row_major<T>(centroids, head_dim),
               packed,
               scores + begin,
               tokens,
               false);
  }
}

// A unit of work is a segment, a head and a block of its centroids.
template <class T>
void choose_members(const kernels::CentroidMembers& k) {
  const std::int64_t heads = k.centroids.shape()[0];
  const std::int64_t count = k.centroids.shape()[1];
  const std::int64_t head_dim = k.centroids.shape()[2];
  const std::int64_t blocks = (count + kCentroidBlock - 1) / kCentroidBlock;
  const std::int64_t packed = packed_size<T>(head_dim, kTokenTile);
  const ThreadScratch<T> scratch(packed + (kCentroidBlock + 1) * k.segments.max_length());
  const auto choose = [&](std::int64_t unit) {
    const std::int64_t b = unit / (heads * blocks);
    const std::int64_t h = unit / blocks % heads;
    const std::int64_t first_owner = h * count + unit % blocks * kCentroidBlock;
    const std::int64_t block = std::min(kCentroidBlock, (h + 1) * count - first_owner);
    const std::int64_t first_row = k.segments.begin(b) * heads + h;
    const std::int64_t tokens = k.segments.length(b);
    T* scores = scratch.get() + packed;
    T* buffer = scores + kCentroidBlock * tokens;
    scores_of_segment(k.x.data<T>() + first_row * head_dim,
                      heads * head_dim,
                      tokens,
                      k.centroids.data<T>() + first_owner * head_dim,
                      block,
                      head_dim,
                      scratch.get(),
                      scores);
    for (std::int64_t c = 0; c < block; ++c) {
      const std::int64_t segment = b * heads * count + first_owner + c;
      auto* row = k.rows.data<std::int32_t>() + k.members.begin(segment);
      take_largest(
          scores + c * tokens, tokens, k.members.length(segment), buffer, [&](std::int64_t i) {
            *row++ = static_cast<std::int32_t>(first_row + i * heads);
          });
      std::fill(k.owners.data<std::int32_t>() + k.members.begin(segment),
                k.owners.data<std::int32_t>() + k.members.end(segment),
                static_cast<std::int32_t>(first_owner + c));
    }
  };
  parallel_for(
      k.segments.size() * heads * blocks,
      product_work(k.x.rows(), count, head_dim) + kElementWork * product_work(k.x.rows(), count),
      choose);
}

template <class T>
void move(const kernels::MoveCentroids& k) {
  const std::int64_t dim = k.sums.cols();
  const Tiles tiles{k.sums.rows(), kTokenTile};
  const ThreadScratch<T> scratch(dim);
  parallel_for(
      tiles.count(), kElementWork * static_cast<double>(k.sums.numel()), [&](std::int64_t t) {
        for (std::int64_t r = tiles.begin(t); r < tiles.end(t); ++r) {
          const T count = k.counts.data<T>()[r];
          if (!(count > T(0))) {
            continue;
          }
          const ConstArrayMap<T> sum(k.sums.data<T>() + r * dim, dim);
          ArrayMap<T> centroid(k.centroids.data<T>() + r * dim, dim);
          ArrayMap<T> moved(scratch.get(), dim);
          moved = static_cast<T>(k.decay) * centroid +
                  static_cast<T>(1.0 - k.decay) / (T(2) * count) * sum;
          const T norm = norm_of(moved.data(), dim);
          if (norm > T(0) && std::isfinite(norm)) {
            centroid = moved / norm;
          }
        }
      });
}

const OnCpu unit_sum_entry{unit_sum_rows<float>, unit_sum_rows<double>};

const OnCpu nearest_centroids_entry{find_nearest<float>, find_nearest<double>};

const OnCpu centroid_members_entry{choose_members<float>, choose_members<double>};

const OnCpu move_centroids_entry{move<float>, move<double>};

template <class T>
void divide_rows(const kernels::DivideRows& k) {
  const std::int64_t dim = k.x.cols();
  const Tiles tiles{k.x.rows(), kTokenTile};
  parallel_for(tiles.count(), kElementWork * static_cast<double>(k.x.numel()), [&](std::int64_t t) {
    for (std::int64_t i = tiles.begin(t); i < tiles.end(t); ++i) {
      const T divisor = k.divisors.data<T>()[i];
      const ConstArrayMap<T> in(k.x.data<T>() + i * dim, dim);
      ArrayMap<T> result(k.out.data<T>() + i * dim, dim);
      if (divisor == T(0)) {
        result.setZero();
      } else {
        result = in / divisor;
      }
    }
  });
}
const OnCpu divide_rows_entry{divide_rows<float>, divide_rows<double>};

}  // namespace
}  // namespace elastic::cpu
