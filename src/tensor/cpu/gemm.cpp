#include "tensor/cpu/gemm.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "tensor/cpu/bf16_unit.h"
#include "tensor/cpu/gemm_bf16.h"
#include "tensor/cpu/simd.h"
#include "tensor/cpu/transpose_lanes.h"

namespace elastic::cpu {
namespace {

template <class T>
constexpr std::int64_t kPanel = panel_columns<T>();
// Whether products of T may round their factors; if so, whether a sum of k terms does now.
template <class T>
constexpr bool kRounds = kBf16Kernels&& std::is_same_v<T, float>;
[[maybe_unused]] bool rounds(std::int64_t k) {
  return bf16_unit() != Bf16Unit::kNone && k >= kLeastDepth;
}

// Rows of the register tile: 6 x 2 accumulators, two vectors of b and a broadcast fill 16
// registers; 32 registers allow 12 rows. With the address sanitizer, which checks every access, a
// low tile has the same bits and takes a sixth of the time to compile.
#if defined(__SANITIZE_ADDRESS__)
constexpr int kTileRows = 4;
#elif defined(__AVX512F__)
constexpr int kTileRows = 12;
#else
constexpr int kTileRows = 6;
#endif
// Depth of a block: its panel of b, 256 x 2 vectors, stays in the first-level cache.
constexpr std::int64_t kBlockDepth = 256;

// c [Rows, Vectors] (+)= a [Rows, k] b [k, Vectors] in registers; vectors run along columns.
// ColumnMajorA: a's column stride is general and its row stride 1; otherwise the other way round.
template <class T, int Rows, int Vectors, bool ColumnMajorA>
inline void register_tile(std::int64_t k,
                          const T* __restrict a,
                          std::int64_t a_stride,
                          const T* __restrict b,
                          std::int64_t ldb,
                          T* __restrict c,
                          std::int64_t ldc,
                          bool accumulate) {
  Vector<T> sum[Rows][Vectors];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      sum[i][v] = accumulate ? load<Vector<T>>(c + i * ldc + v * kLanes<T>) : Vector<T>{};
    }
  }
  for (std::int64_t p = 0; p < k; ++p) {
    Vector<T> right[Vectors];
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      right[v] = load<Vector<T>>(b + p * ldb + v * kLanes<T>);
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const T scalar = ColumnMajorA ? a[p * a_stride + i] : a[i * a_stride + p];
#pragma GCC unroll 2
      for (int v = 0; v < Vectors; ++v) {
        sum[i][v] += scalar * right[v];
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Vectors; ++v) {
      store(c + i * ldc + v * kLanes<T>, sum[i][v]);
    }
  }
}

template <class T, int Vectors, bool ColumnMajorA, int Rows>
void register_tile_of(std::int64_t rows,
                      std::int64_t k,
                      const T* a,
                      std::int64_t a_stride,
                      const T* b,
                      std::int64_t ldb,
                      T* c,
                      std::int64_t ldc,
                      bool accumulate) {
  if (rows == Rows) {
    register_tile<T, Rows, Vectors, ColumnMajorA>(k, a, a_stride, b, ldb, c, ldc, accumulate);
  } else if constexpr (Rows > 1) {
    register_tile_of<T, Vectors, ColumnMajorA, Rows - 1>(
        rows, k, a, a_stride, b, ldb, c, ldc, accumulate);
  }
}

// Columns of one panel, at most Vectors wide and kBlockDepth deep, for all rows.
template <class T, int Vectors, bool ColumnMajorA>
void panel_product(std::int64_t m,
                   std::int64_t columns,
                   std::int64_t k,
                   View<T> a,
                   const T* b,
                   std::int64_t ldb,
                   T* c,
                   std::int64_t ldc,
                   bool accumulate) {
  constexpr std::int64_t kWidth = Vectors * kLanes<T>;
  const std::int64_t row_step = ColumnMajorA ? 1 : a.row_stride;
  const std::int64_t stride = ColumnMajorA ? a.col_stride : a.row_stride;
  // Tiles of about equal height: in a tile of few rows, each sum would wait for its own last step.
  const std::int64_t tiles = (m + kTileRows - 1) / kTileRows;
  for (std::int64_t t = 0; t < tiles; ++t) {
    const std::int64_t i = m * t / tiles;
    const std::int64_t rows = m * (t + 1) / tiles - i;
    const T* a_tile = a.data + i * row_step;
    T* c_tile = c + i * ldc;
    if (columns == kWidth) {
      register_tile_of<T, Vectors, ColumnMajorA, kTileRows>(
          rows, k, a_tile, stride, b, ldb, c_tile, ldc, accumulate);
      continue;
    }
    // The right edge: the same arithmetic on a copy of the tile.
    T edge[kTileRows * kWidth] = {};
    const std::size_t bytes = static_cast<std::size_t>(columns) * sizeof(T);
    if (accumulate) {
      for (std::int64_t r = 0; r < rows; ++r) {
        std::memcpy(edge + r * kWidth, c_tile + r * ldc, bytes);
      }
    }
    register_tile_of<T, Vectors, ColumnMajorA, kTileRows>(
        rows, k, a_tile, stride, b, ldb, edge, kWidth, accumulate);
    for (std::int64_t r = 0; r < rows; ++r) {
      std::memcpy(c_tile + r * ldc, edge + r * kWidth, bytes);
    }
  }
}

template <class T, int Vectors>
void panel_product(std::int64_t m,
                   std::int64_t columns,
                   std::int64_t k,
                   View<T> a,
                   const T* b,
                   std::int64_t ldb,
                   T* c,
                   std::int64_t ldc,
                   bool accumulate) {
  if (a.col_stride == 1) {
    panel_product<T, Vectors, false>(m, columns, k, a, b, ldb, c, ldc, accumulate);
  } else {
    panel_product<T, Vectors, true>(m, columns, k, a, b, ldb, c, ldc, accumulate);
  }
}

template <class T>
void panel_product(std::int64_t m,
                   std::int64_t columns,
                   std::int64_t k,
                   View<T> a,
                   const T* b,
                   std::int64_t ldb,
                   T* c,
                   std::int64_t ldc,
                   bool accumulate) {
  if (columns <= kLanes<T>) {
    panel_product<T, 1>(m, columns, k, a, b, ldb, c, ldc, accumulate);
  } else {
    panel_product<T, 2>(m, columns, k, a, b, ldb, c, ldc, accumulate);
  }
}

template <class T>
void clear(std::int64_t m, std::int64_t n, T* c, std::int64_t ldc) {
  for (std::int64_t i = 0; i < m; ++i) {
    std::fill(c + i * ldc, c + i * ldc + n, T(0));
  }
}

// kLanes rows of b, whose columns are contiguous, and `columns` <= kLanes columns of it, transposed
// in registers; the rest of the vector is zero.
template <class T>
void pack_transposed_block(const T* b, std::int64_t col_stride, std::int64_t columns, T* packed) {
  Vector<T> block[kLanes<T>];
#pragma GCC unroll 16
  for (int j = 0; j < kLanes<T>; ++j) {
    block[j] = j < columns ? load<Vector<T>>(b + j * col_stride) : Vector<T>{};
  }
  transpose_lanes<T>(block);
#pragma GCC unroll 16
  for (int p = 0; p < kLanes<T>; ++p) {
    store(packed + p * kPanel<T>, block[p]);
  }
}

// One panel: `columns` of b into k contiguous rows of kPanel.
template <class T>
void pack_panel(std::int64_t k, std::int64_t columns, View<T> b, T* packed) {
  std::int64_t done = 0;  // rows packed by blocks
  if (b.row_stride == 1) {
    for (; done + kLanes<T> <= k; done += kLanes<T>) {
      for (std::int64_t j = 0; j < kPanel<T>; j += kLanes<T>) {
        pack_transposed_block(b.data + done + j * b.col_stride,
                              b.col_stride,
                              columns - j,
                              packed + done * kPanel<T> + j);
      }
    }
  }
  for (std::int64_t p = done; p < k; ++p) {
    const T* source = b.data + p * b.row_stride;
    T* target = packed + p * kPanel<T>;
    for (std::int64_t j = 0; j < columns; ++j) {
      target[j] = source[j * b.col_stride];
    }
    std::fill(target + columns, target + kPanel<T>, T(0));
  }
}

// Rows of b of a whole panel, contiguous: the common case, copied by vectors.
template <class T>
void pack_full_panel(std::int64_t k, const T* b, std::int64_t ldb, T* packed) {
  for (std::int64_t p = 0; p < k; ++p) {
    std::memcpy(
        packed + p * kPanel<T>, b + p * ldb, sizeof(T) * static_cast<std::size_t>(kPanel<T>));
  }
}

}  // namespace

template <class T>
void pack_exact(std::int64_t k, std::int64_t n, View<T> b, T* packed) {
  for (std::int64_t j = 0; j < n; j += kPanel<T>) {
    const std::int64_t columns = std::min(kPanel<T>, n - j);
    const View<T> part{b.data + j * b.col_stride, b.row_stride, b.col_stride};
    if (columns == kPanel<T> && b.col_stride == 1) {
      pack_full_panel(k, part.data, b.row_stride, packed + j * k);
    } else {
      pack_panel(k, columns, part, packed + j * k);
    }
  }
}

template <class T>
void gemm_exact(std::int64_t m,
                std::int64_t n,
                std::int64_t k,
                View<T> a,
                const T* packed_b,
                T* c,
                std::int64_t ldc,
                bool accumulate) {
  if (k == 0 && !accumulate) {
    clear(m, n, c, ldc);
  }
  for (std::int64_t p = 0; p < k; p += kBlockDepth) {
    const std::int64_t depth = std::min(kBlockDepth, k - p);
    const View<T> a_block{a.data + p * a.col_stride, a.row_stride, a.col_stride};
    for (std::int64_t j = 0; j < n; j += kPanel<T>) {
      panel_product(m,
                    std::min(kPanel<T>, n - j),
                    depth,
                    a_block,
                    packed_b + j * k + p * kPanel<T>,
                    kPanel<T>,
                    c + j,
                    ldc,
                    accumulate || p > 0);
    }
  }
}

template <class T>
void gemm_unpacked_exact(std::int64_t m,
                         std::int64_t n,
                         std::int64_t k,
                         View<T> a,
                         const T* b,
                         std::int64_t ldb,
                         T* c,
                         std::int64_t ldc,
                         bool accumulate) {
  // For fewer rows than this, copying a panel costs more than reading it in place.
  constexpr std::int64_t kRowsWorthPacking = 4 * kTileRows;
  alignas(64) T panel[static_cast<std::size_t>(kBlockDepth * kPanel<T>)];
  if (k == 0 && !accumulate) {
    clear(m, n, c, ldc);
  }
  for (std::int64_t p = 0; p < k; p += kBlockDepth) {
    const std::int64_t depth = std::min(kBlockDepth, k - p);
    const View<T> a_block{a.data + p * a.col_stride, a.row_stride, a.col_stride};
    for (std::int64_t j = 0; j < n; j += kPanel<T>) {
      const std::int64_t columns = std::min(kPanel<T>, n - j);
      const T* b_part = b + p * ldb + j;
      std::int64_t b_stride = ldb;
      if (columns < kPanel<T>) {
        pack_panel(depth, columns, row_major(b_part, ldb), panel);
        b_part = panel;
        b_stride = kPanel<T>;
      } else if (m >= kRowsWorthPacking) {
        pack_full_panel(depth, b_part, ldb, panel);
        b_part = panel;
        b_stride = kPanel<T>;
      }
      panel_product(m, columns, depth, a_block, b_part, b_stride, c + j, ldc, accumulate || p > 0);
    }
  }
}

template <class T>
void pack(std::int64_t k, std::int64_t n, View<T> b, T* packed, T factor) {
  if constexpr (kRounds<T>) {
    if (rounds(k)) {
      pack_bf16(k, n, b, factor, packed);
      return;
    }
  }
  pack_exact(k, n, b, packed);
  if (factor != T(1)) {
    const std::int64_t size = packed_size<T>(k, n);
    for (std::int64_t i = 0; i < size; ++i) {
      packed[i] *= factor;
    }
  }
}

template <class T>
void gemm(std::int64_t m,
          std::int64_t n,
          std::int64_t k,
          View<T> a,
          const T* packed_b,
          T* c,
          std::int64_t ldc,
          bool accumulate) {
  if constexpr (kRounds<T>) {
    if (rounds(k)) {
      gemm_bf16(m, n, k, a, packed_b, c, ldc, accumulate ? Start{c, ldc} : Start{});
      return;
    }
  }
  gemm_exact(m, n, k, a, packed_b, c, ldc, accumulate);
}

template <class T>
void gemm_from_row(std::int64_t m,
                   std::int64_t n,
                   std::int64_t k,
                   View<T> a,
                   const T* packed_b,
                   const T* row,
                   T* c,
                   std::int64_t ldc) {
  if constexpr (kRounds<T>) {
    if (rounds(k)) {
      gemm_bf16(m, n, k, a, packed_b, c, ldc, {row, 0});
      return;
    }
  }
  for (std::int64_t i = 0; i < m; ++i) {
    std::copy(row, row + n, c + i * ldc);
  }
  gemm_exact(m, n, k, a, packed_b, c, ldc, true);
}

template <class T>
void gemm_unpacked(std::int64_t m,
                   std::int64_t n,
                   std::int64_t k,
                   View<T> a,
                   const T* b,
                   std::int64_t ldb,
                   T* c,
                   std::int64_t ldc,
                   bool accumulate) {
  if constexpr (kRounds<T>) {
    if (rounds(k)) {
      gemm_unpacked_bf16(m, n, k, a, b, ldb, c, ldc, accumulate);
      return;
    }
  }
  gemm_unpacked_exact(m, n, k, a, b, ldb, c, ldc, accumulate);
}

#define ELASTIC_INSTANTIATE_PRODUCTS(T, suffix)                                             \
  template void gemm##suffix<T>(                                                            \
      std::int64_t, std::int64_t, std::int64_t, View<T>, const T*, T*, std::int64_t, bool); \
  template void gemm_unpacked##suffix<T>(std::int64_t,                                      \
                                         std::int64_t,                                      \
                                         std::int64_t,                                      \
                                         View<T>,                                           \
                                         const T*,                                          \
                                         std::int64_t,                                      \
                                         T*,                                                \
                                         std::int64_t,                                      \
                                         bool);
#define ELASTIC_INSTANTIATE(T)                                                                  \
  template void pack<T>(std::int64_t, std::int64_t, View<T>, T*, T);                            \
  template void pack_exact<T>(std::int64_t, std::int64_t, View<T>, T*);                         \
  template void gemm_from_row<T>(                                                               \
      std::int64_t, std::int64_t, std::int64_t, View<T>, const T*, const T*, T*, std::int64_t); \
  ELASTIC_INSTANTIATE_PRODUCTS(T, )                                                             \
  ELASTIC_INSTANTIATE_PRODUCTS(T, _exact)
ELASTIC_INSTANTIATE(float)
ELASTIC_INSTANTIATE(double)
#undef ELASTIC_INSTANTIATE
#undef ELASTIC_INSTANTIATE_PRODUCTS

}  // namespace elastic::cpu
