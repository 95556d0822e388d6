#include "tensor/cpu/gemm_bf16.h"

#include "tensor/cpu/bf16_unit.h"

#ifdef ELASTIC_BF16_KERNELS

#include <immintrin.h>

#include <algorithm>

#include "tensor/cpu/transpose_lanes.h"

// Functions with instructions beyond those of the build; they run only if the CPU has them.
#define ELASTIC_AVX512_BF16 __attribute__((target("avx512bf16")))
#define ELASTIC_AMX_BF16 __attribute__((target("avx512bf16,amx-tile,amx-bf16")))

namespace elastic::cpu {
namespace {

// Two numbers in bfloat16, of the sum's indices 2 p (lower half) and 2 p + 1.
using Pair = std::uint32_t;
using Pairs = Vector<Pair>;

constexpr std::int64_t kTile = 16;  // rows of an AMX tile, and words of 4 bytes in a row
constexpr std::int64_t kTileDepth = 2 * kTile;
constexpr std::int64_t kBlockRows = 2 * kTile;
constexpr std::int64_t kPanel = panel_columns<float>();
static_assert(kPanel == 2 * kTile && kLeastDepth == kTile);
constexpr std::int64_t kBlockDepth = 256;
constexpr std::int64_t kBlockColumns = 128;  // of an unpacked b, packed at a time

// Rows of pairs in a packed panel: whole tiles, filled up with zeros. They fit into a panel's
// memory from kLeastDepth on.
std::int64_t pair_rows(std::int64_t k) {
  return (k + kTileDepth - 1) / kTileDepth * kTile;
}

__mmask16 first_lanes(std::int64_t count) {
  return static_cast<__mmask16>((1U << std::clamp<std::int64_t>(count, 0, kTile)) - 1U);
}

// --- Conversion ----------------------------------------------------------------------------------

// Part of an operand: up to 16 lines (rows of a, columns of b) and 32 of the sum's indices.
struct Part {
  const float* data;
  std::int64_t stride;  // from line to line if a line is contiguous, otherwise along it
  std::int64_t lines;
  std::int64_t depth;
};

// With ContiguousLines, the pairs of line i, which begins at x; otherwise pair i of each line, from
// x on. Zeros beyond the part; a Whole part has all 16 lines and 32 indices.
template <bool ContiguousLines, bool Whole>
ELASTIC_AVX512_BF16 inline Pairs pairs_of(const Part& part,
                                          const float* x,
                                          std::int64_t i,
                                          __m512 factor) {
  const float* y = x + (ContiguousLines ? kTile : part.stride);
  __m512 first = _mm512_setzero_ps();
  __m512 second = _mm512_setzero_ps();
  if constexpr (Whole) {
    first = _mm512_loadu_ps(x);
    second = _mm512_loadu_ps(y);
  } else if constexpr (ContiguousLines) {
    if (i < part.lines) {
      first = _mm512_maskz_loadu_ps(first_lanes(part.depth), x);
      second = _mm512_maskz_loadu_ps(first_lanes(part.depth - kTile), y);
    }
  } else {
    if (2 * i < part.depth) {
      first = _mm512_maskz_loadu_ps(first_lanes(part.lines), x);
    }
    if (2 * i + 1 < part.depth) {
      second = _mm512_maskz_loadu_ps(first_lanes(part.lines), y);
    }
  }
  const auto numbers =
      reinterpret_cast<Vector<std::uint16_t>>(_mm512_cvtne2ps_pbh(second * factor, first * factor));
  if constexpr (ContiguousLines) {
    return reinterpret_cast<Pairs>(numbers);
  } else {
    // clang-format off
    return reinterpret_cast<Pairs>(__builtin_shufflevector(numbers, numbers,
        0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23,
        8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31));
    // clang-format on
  }
}

// Not inlined: in a loop, the compiler would keep 16 addresses in memory.
template <bool ContiguousLines, bool ByLine, bool Whole>
ELASTIC_AVX512_BF16 __attribute__((noinline)) void convert_part(
    const Part& part, Pair* out, std::int64_t out_stride, std::int64_t out_rows, __m512 factor) {
  const std::int64_t step = ContiguousLines ? part.stride : 2 * part.stride;
  const float* x = part.data;
  if constexpr (ContiguousLines == ByLine) {
    const std::int64_t rows = Whole ? kTile : out_rows;
#pragma GCC unroll 4
    for (std::int64_t i = 0; i < rows; ++i) {
      store(out, pairs_of<ContiguousLines, Whole>(part, x, i, factor));
      x += step;
      out += out_stride;
    }
  } else {
    Pairs block[kTile];
#pragma GCC unroll 16
    for (int i = 0; i < kTile; ++i) {
      block[i] = pairs_of<ContiguousLines, Whole>(part, x, i, factor);
      x += step;
    }
    transpose_lanes<Pair>(block);
#pragma GCC unroll 16
    for (int i = 0; i < kTile; ++i) {
      if (Whole || i < out_rows) {
        store(out, block[i]);
        out += out_stride;
      }
    }
  }
}

// Writes `out_rows` <= 16 rows of 16 pairs of factor * part: row i is line i (ByLine), or pair i of
// each line.
template <bool ContiguousLines, bool ByLine>
void convert(const Part& part,
             Pair* out,
             std::int64_t out_stride,
             std::int64_t out_rows,
             float factor = 1.0F) {
  const __m512 factors = _mm512_set1_ps(factor);
  if (part.lines >= kTile && part.depth >= kTileDepth && out_rows == kTile) {
    convert_part<ContiguousLines, ByLine, true>(part, out, out_stride, out_rows, factors);
  } else {
    convert_part<ContiguousLines, ByLine, false>(part, out, out_stride, out_rows, factors);
  }
}

// factor * b [k, n] into panels of `rows` x kPanel pairs, `panel_stride` pairs apart.
void pack_panels(std::int64_t k,
                 std::int64_t n,
                 View<float> b,
                 float factor,
                 std::int64_t rows,
                 std::int64_t panel_stride,
                 Pair* panels) {
  const bool contiguous_lines = b.row_stride == 1 && b.col_stride != 1;
  for (std::int64_t j = 0; j < n; j += kPanel, panels += panel_stride) {
    for (std::int64_t p = 0; p < k; p += kTileDepth) {
      for (std::int64_t half = 0; half < kPanel; half += kTile) {
        const Part part{b.data + p * b.row_stride + (j + half) * b.col_stride,
                        contiguous_lines ? b.col_stride : b.row_stride,
                        n - j - half,
                        k - p};
        Pair* out = panels + p / 2 * kPanel + half;
        const std::int64_t out_rows = std::min(kTile, rows - p / 2);
        if (contiguous_lines) {
          convert<true, false>(part, out, kPanel, out_rows, factor);
        } else {
          convert<false, false>(part, out, kPanel, out_rows, factor);
        }
      }
    }
  }
}

// `rows` rows of a [rows, depth] into rows of `stride` pairs.
void convert_rows(
    std::int64_t rows, std::int64_t depth, View<float> a, std::int64_t stride, Pair* out) {
  for (std::int64_t i = 0; i < rows; i += kTile) {
    for (std::int64_t p = 0; p < depth; p += kTileDepth) {
      const float* data = a.data + i * a.row_stride + p * a.col_stride;
      Pair* to = out + i * stride + p / 2;
      if (a.col_stride == 1) {
        convert<true, true>({data, a.row_stride, rows - i, depth - p}, to, stride, kTile);
      } else {
        convert<false, true>({data, a.col_stride, rows - i, depth - p}, to, stride, kTile);
      }
    }
  }
}

// --- Products ------------------------------------------------------------------------------------

// c [rows, columns] = start + a b, at most kBlockRows x kPanel.
struct Block {
  const Pair* a;  // rows of a_stride pairs, zeros up to a whole tile of rows
  std::int64_t a_stride;
  const Pair* b;  // pair_rows rows of kPanel
  std::int64_t pair_rows;
  float* c;
  std::int64_t ldc;
  Start start;
};

// Shapes of the eight tiles: four of c, two of a and two of b.
struct alignas(64) TileShapes {
  std::uint8_t palette = 1;
  std::uint8_t start_row = 0;
  std::uint8_t reserved[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};
};

// Once a thread, because loading shapes takes longer than a small product.
ELASTIC_AMX_BF16 void set_tile_shapes() {
  thread_local bool done = false;
  if (done) {
    return;
  }
  TileShapes shapes;
  for (int t = 0; t < 8; ++t) {
    shapes.row_bytes[t] = 4 * kTile;
    shapes.rows[t] = kTile;
  }
  asm volatile("" : : "r"(&shapes) : "memory");  // GCC 12 takes it that 8 bytes are read
  _tile_loadconfig(&shapes);
  done = true;
}

// Rows, Columns: tiles of c. All of their elements are read and written.
template <int Rows, int Columns>
ELASTIC_AMX_BF16 void amx_block(const Block& block) {
  constexpr int kWord = 4;
  const auto a_stride = static_cast<std::size_t>(block.a_stride * kWord);
  const auto c_stride = static_cast<std::size_t>(block.ldc * kWord);
  constexpr std::size_t kRightStride = kPanel * kWord;
  const Pair* lower_a = block.a + kTile * block.a_stride;
  float* lower_c = block.c + kTile * block.ldc;
  asm volatile("" ::: "memory");  // the intrinsics of GCC 12 do not say that they read memory
  if (block.start.data != nullptr) {
    const float* start = block.start.data;
    const float* lower_start = start + kTile * block.start.stride;
    const auto start_stride = static_cast<std::size_t>(block.start.stride * kWord);
    _tile_loadd(0, start, start_stride);
    if constexpr (Columns == 2)
      _tile_loadd(1, start + kTile, start_stride);
    if constexpr (Rows == 2)
      _tile_loadd(2, lower_start, start_stride);
    if constexpr (Rows == 2 && Columns == 2)
      _tile_loadd(3, lower_start + kTile, start_stride);
  } else {
    _tile_zero(0);
    if constexpr (Columns == 2)
      _tile_zero(1);
    if constexpr (Rows == 2)
      _tile_zero(2);
    if constexpr (Rows == 2 && Columns == 2)
      _tile_zero(3);
  }
  for (std::int64_t p = 0; p < block.pair_rows; p += kTile) {
    _tile_loadd(4, block.a + p, a_stride);
    _tile_loadd(6, block.b + p * kPanel, kRightStride);
    _tile_dpbf16ps(0, 4, 6);
    if constexpr (Columns == 2) {
      _tile_loadd(7, block.b + p * kPanel + kTile, kRightStride);
      _tile_dpbf16ps(1, 4, 7);
    }
    if constexpr (Rows == 2) {
      _tile_loadd(5, lower_a + p, a_stride);
      _tile_dpbf16ps(2, 5, 6);
    }
    if constexpr (Rows == 2 && Columns == 2)
      _tile_dpbf16ps(3, 5, 7);
  }
  _tile_stored(0, block.c, c_stride);
  if constexpr (Columns == 2)
    _tile_stored(1, block.c + kTile, c_stride);
  if constexpr (Rows == 2)
    _tile_stored(2, lower_c, c_stride);
  if constexpr (Rows == 2 && Columns == 2)
    _tile_stored(3, lower_c + kTile, c_stride);
}

// Rows of c, and tiles of its columns.
template <int Rows, int Columns>
ELASTIC_AVX512_BF16 void avx512_rows(const Block& block, std::int64_t first) {
  const Pair* a = block.a + first * block.a_stride;
  float* c = block.c + first * block.ldc;
  const float* start = block.start.data + first * block.start.stride;
  __m512 sum[Rows][Columns];
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Columns; ++v) {
      sum[i][v] = block.start.data == nullptr
                      ? __m512{}
                      : _mm512_loadu_ps(start + i * block.start.stride + v * kTile);
    }
  }
  for (std::int64_t p = 0; p < block.pair_rows; ++p) {
    __m512i right[Columns];
#pragma GCC unroll 2
    for (int v = 0; v < Columns; ++v) {
      right[v] = _mm512_loadu_si512(block.b + p * kPanel + v * kTile);
    }
#pragma GCC unroll 16
    for (int i = 0; i < Rows; ++i) {
      const __m512i left = _mm512_set1_epi32(static_cast<int>(a[i * block.a_stride + p]));
#pragma GCC unroll 2
      for (int v = 0; v < Columns; ++v) {
        sum[i][v] = _mm512_dpbf16_ps(
            sum[i][v], reinterpret_cast<__m512bh>(left), reinterpret_cast<__m512bh>(right[v]));
      }
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < Rows; ++i) {
#pragma GCC unroll 2
    for (int v = 0; v < Columns; ++v) {
      _mm512_storeu_ps(c + i * block.ldc + v * kTile, sum[i][v]);
    }
  }
}

template <int Columns>
void avx512_block(const Block& block, std::int64_t rows) {
  std::int64_t i = 0;
  for (; i + 8 <= rows; i += 8) {
    avx512_rows<8, Columns>(block, i);
  }
  for (; i + 2 <= rows; i += 2) {
    avx512_rows<2, Columns>(block, i);
  }
  if (i < rows) {
    avx512_rows<1, Columns>(block, i);
  }
}

void whole_block(const Block& block, std::int64_t rows, std::int64_t columns) {
  if (bf16_unit() == Bf16Unit::kAvx512) {
    return columns > kTile ? avx512_block<2>(block, rows) : avx512_block<1>(block, rows);
  }
  if (columns > kTile) {
    return rows > kTile ? amx_block<2, 2>(block) : amx_block<1, 2>(block);
  }
  return rows > kTile ? amx_block<2, 1>(block) : amx_block<1, 1>(block);
}

// An edge of c: the same arithmetic on a copy, whose other elements do not matter.
void edge_block(const Block& block, std::int64_t rows, std::int64_t columns) {
  alignas(64) float edge[kBlockRows * kPanel];
  const __mmask16 left = first_lanes(columns);
  const __mmask16 right = first_lanes(columns - kTile);
  Block copy = block;
  copy.c = edge;
  copy.ldc = kPanel;
  if (block.start.data != nullptr) {
    copy.start = {edge, kPanel};
    for (std::int64_t i = 0; i < rows; ++i) {
      const float* from = block.start.data + i * block.start.stride;
      _mm512_store_ps(edge + i * kPanel, _mm512_maskz_loadu_ps(left, from));
      _mm512_store_ps(edge + i * kPanel + kTile, _mm512_maskz_loadu_ps(right, from + kTile));
    }
  }
  whole_block(copy, rows, columns);
  for (std::int64_t i = 0; i < rows; ++i) {
    float* to = block.c + i * block.ldc;
    _mm512_mask_storeu_ps(to, left, _mm512_load_ps(edge + i * kPanel));
    _mm512_mask_storeu_ps(to + kTile, right, _mm512_load_ps(edge + i * kPanel + kTile));
  }
}

inline void block_product(const Block& block, std::int64_t rows, std::int64_t columns) {
  const bool whole_rows = rows % kTile == 0 || bf16_unit() == Bf16Unit::kAvx512;
  if (whole_rows && columns % kTile == 0) {
    whole_block(block, rows, columns);
  } else {
    edge_block(block, rows, columns);
  }
}

// Panels of a packed b, `stride` pairs apart, of `rows` rows each.
struct Panels {
  const Pair* data;
  std::int64_t rows;
  std::int64_t stride;
};

// c [m, n] = start + a [m, depth] b.
void panels_product(std::int64_t m,
                    std::int64_t n,
                    std::int64_t depth,
                    View<float> a,
                    Panels b,
                    float* c,
                    std::int64_t ldc,
                    Start start) {
  alignas(64) Pair left[kBlockRows * kBlockDepth / 2];
  for (std::int64_t i = 0; i < m; i += kBlockRows) {
    const std::int64_t rows = std::min(kBlockRows, m - i);
    convert_rows(
        rows, depth, {a.data + i * a.row_stride, a.row_stride, a.col_stride}, b.rows, left);
    for (std::int64_t j = 0; j < n; j += kPanel) {
      Start part = start;
      if (part.data != nullptr) {
        part.data += i * start.stride + j;
      }
      block_product(
          {left, b.rows, b.data + j / kPanel * b.stride, b.rows, c + i * ldc + j, ldc, part},
          rows,
          std::min(kPanel, n - j));
    }
  }
}

// Calls body(begin, depth, rows of pairs) for blocks of the sum over k.
template <class Body>
void for_depth_blocks(std::int64_t k, const Body& body) {
  if (bf16_unit() == Bf16Unit::kAmx) {
    set_tile_shapes();
  }
  for (std::int64_t p = 0; p < k; p += kBlockDepth) {
    const std::int64_t depth = std::min(kBlockDepth, k - p);
    body(p, depth, pair_rows(depth));
  }
}

}  // namespace

void pack_bf16(std::int64_t k, std::int64_t n, View<float> b, float factor, float* packed) {
  pack_panels(k, n, b, factor, pair_rows(k), k * kPanel, reinterpret_cast<Pair*>(packed));
}

void gemm_bf16(std::int64_t m,
               std::int64_t n,
               std::int64_t k,
               View<float> a,
               const float* packed_b,
               float* c,
               std::int64_t ldc,
               Start start) {
  const auto* panels = reinterpret_cast<const Pair*>(packed_b);
  for_depth_blocks(k, [&](std::int64_t p, std::int64_t depth, std::int64_t rows) {
    panels_product(m,
                   n,
                   depth,
                   {a.data + p * a.col_stride, a.row_stride, a.col_stride},
                   {panels + p / 2 * kPanel, rows, k * kPanel},
                   c,
                   ldc,
                   p > 0 ? Start{c, ldc} : start);
  });
}

void gemm_unpacked_bf16(std::int64_t m,
                        std::int64_t n,
                        std::int64_t k,
                        View<float> a,
                        const float* b,
                        std::int64_t ldb,
                        float* c,
                        std::int64_t ldc,
                        bool accumulate) {
  alignas(64) Pair panels[kBlockColumns * kBlockDepth / 2];
  for_depth_blocks(k, [&](std::int64_t p, std::int64_t depth, std::int64_t rows) {
    for (std::int64_t j = 0; j < n; j += kBlockColumns) {
      const std::int64_t columns = std::min(kBlockColumns, n - j);
      const std::int64_t stride = rows * kPanel;
      pack_panels(depth, columns, row_major(b + p * ldb + j, ldb), 1.0F, rows, stride, panels);
      panels_product(m,
                     columns,
                     depth,
                     {a.data + p * a.col_stride, a.row_stride, a.col_stride},
                     {panels, rows, stride},
                     c + j,
                     ldc,
                     accumulate || p > 0 ? Start{c + j, ldc} : Start{});
    }
  });
}

}  // namespace elastic::cpu

#endif
