// Projection of a segment's tokens to k rows; the projection's columns count back from the last
// token. The products of token_products.cuh read a token's column of the projection in place of a
// row.
//
// The projection's gradient is summed over segments: a block takes 32 columns and a group of
// segments; the groups' sums are then added in order.
#include <algorithm>

#include "cuda/reduce.h"
#include "cuda/runtime.h"
#include "cuda/token_products.cuh"
#include "tensor/kernels/project_tokens.h"

namespace elastic::cuda {
namespace {

// The column of a projection [k, N] that belongs to a token.
template <class T>
struct ProjectionColumns {
  const T* data;
  const std::int32_t* offsets;
  std::int64_t columns;

  __device__ T operator()(int segment, std::int64_t token, int /*unit*/, int j) const {
    return __ldg(data + j * columns + offsets[segment + 1] - 1 - token);
  }
};

template <class T>
struct ProjectionGradient {
  const T* x;
  const T* grad_out;  ///< [B, k, D]
  const std::int32_t* offsets;
  int batch;
  int group;   ///< segments that a block takes
  int rows;    ///< k
  int dim;     ///< D
  int length;  ///< columns in use
};

struct GradientLayout {
  int grad, tokens, sums, size;

  __host__ __device__ GradientLayout(int rows, int dim) {
    grad = 0;
    tokens = grad + tile_size(product_width(rows), product_width(dim));
    sums = tokens + tile_size(kProductTokens, product_width(dim));
    size = sums + tile_size(product_width(rows), kProductTokens);
  }
};

// out[group] [k, L]: sum over the group's segments b of g[b, i] . x_t, t the token c steps before
// the segment's end. Grid (tiles of columns, groups, tiles of k).
template <bool kTensorCores, class T>
__global__ void __launch_bounds__(kThreads, 2)
    projection_gradient_kernel(ProjectionGradient<T> p, T* out) {
  const int height = product_width(p.rows);
  const int width = product_width(p.dim);
  const int first_row = static_cast<int>(blockIdx.z) * height;
  const int rows = at_most(p.rows - first_row, height);
  const std::int64_t first_column = static_cast<std::int64_t>(blockIdx.x) * kProductTokens;
  const int columns = at_most(p.length - first_column, kProductTokens);
  const GradientLayout at(p.rows, p.dim);
  T* shared = dynamic_shared<T>();
  T* grad = shared + at.grad;
  T* tokens = shared + at.tokens;
  T* sums = shared + at.sums;
  clear_shared(shared, at.size);
  const int first = static_cast<int>(blockIdx.y) * p.group;
  const int last = at_most(first + p.group, p.batch);
  for (int b = first; b < last; ++b) {
    const std::int64_t end = p.offsets[b + 1];
    const int present = at_most(end - p.offsets[b] - first_column, kProductTokens);
    if (present <= 0) {
      continue;
    }
    const T* own_grad = p.grad_out + (static_cast<std::int64_t>(b) * p.rows + first_row) * p.dim;
    for (int slab = 0; slab < p.dim; slab += width) {
      const int depth = at_most(p.dim - slab, width);
      load_padded(height, width, rows, depth, grad, [&](int i, int j) {
        return __ldg(own_grad + static_cast<std::int64_t>(i) * p.dim + slab + j);
      });
      load_padded(kProductTokens, width, present, depth, tokens, [&](int i, int j) {
        return __ldg(p.x + (end - 1 - first_column - i) * p.dim + slab + j);
      });
      __syncthreads();
      block_product<kTensorCores>(
          rows_of(grad, width),
          transposed(tokens, width),
          rows,
          columns,
          depth,
          [&](int i, int j, T sum) { sums[i * row_stride(kProductTokens) + j] += sum; });
      __syncthreads();
    }
  }
  T* target = out + (static_cast<std::int64_t>(blockIdx.y) * p.rows + first_row) * p.length;
  for_each_element(rows, columns, [&](int i, int j) {
    target[static_cast<std::int64_t>(i) * p.length + first_column + j] =
        sums[i * row_stride(kProductTokens) + j];
  });
}

// out [k, N] = sums [k, L], zeros in the columns that no segment reaches.
template <class T>
__global__ void spread_columns_kernel(
    const T* sums, std::int64_t count, std::int64_t length, std::int64_t columns, T* out) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    const std::int64_t c = i % columns;
    out[i] = c < length ? sums[i / columns * length + c] : T(0);
  }
}

template <class T>
void projection_gradient(const char* op,
                         const Tensor& x,
                         const Segments& segments,
                         const Tensor& grad_out,
                         Tensor& grad_projection) {
  constexpr std::int64_t kLeastGroup = 16;
  constexpr std::int64_t kMostColumns = 1 << 15;  // of all groups together, and a tile more
  ProjectionGradient<T> p{};
  p.x = x.data<T>();
  p.grad_out = grad_out.data<T>();
  p.offsets = segments.device_offsets().data<std::int32_t>();
  p.batch = static_cast<int>(segments.size());
  p.rows = static_cast<int>(grad_projection.shape()[0]);
  p.dim = static_cast<int>(x.cols());
  p.length = segments.max_length();
  p.group =
      static_cast<int>(std::max(kLeastGroup, divide_up(segments.size() * p.length, kMostColumns)));
  const std::int64_t groups = divide_up(p.batch, p.group);
  const std::int64_t size = static_cast<std::int64_t>(p.rows) * p.length;
  const Tensor partials = workspace<T>(groups * size);
  const Tensor sums = workspace<T>(size);
  with_tensor_cores<T>([&](auto tensor_cores) {
    runtime().launch(op,
                     projection_gradient_kernel<decltype(tensor_cores)::value, T>,
                     dim3(blocks_of(p.length, kProductTokens),
                          static_cast<unsigned int>(groups),
                          static_cast<unsigned int>(product_tiles(p.rows))),
                     kThreads,
                     static_cast<std::size_t>(GradientLayout(p.rows, p.dim).size) * sizeof(T),
                     p,
                     partials.data<T>());
  });
  sum_rows(op, partials.data<T>(), groups, size, sums.data<T>());
  launch(op,
         spread_columns_kernel<T>,
         element_grid(grad_projection.numel()),
         sums.data<T>(),
         grad_projection.numel(),
         p.length,
         grad_projection.cols(),
         grad_projection.data<T>());
}

template <class T>
ProjectionColumns<T> columns_of(const Tensor& projection, const Segments& segments) {
  return {projection.data<T>(), segments.device_offsets().data<std::int32_t>(), projection.cols()};
}

template <class T>
void project_tokens_forward(const kernels::ProjectTokensForward& k) {
  const auto rows = static_cast<int>(k.projection.shape()[0]);
  const auto dim = static_cast<int>(k.x.cols());
  sum_products(k.kName,
               k.segments,
               products_of(k.segments, 1, rows, dim),
               columns_of<T>(k.projection, k.segments),
               UnitRows<T>{k.x.data<T>(), 1, dim},
               k.out.data<T>());
}
const OnCuda project_tokens_forward_entry{project_tokens_forward<float>,
                                          project_tokens_forward<double>};

template <class T>
void project_tokens_backward(const kernels::ProjectTokensBackward& k) {
  const char* op = k.kName;
  const auto rows = static_cast<int>(k.projection.shape()[0]);
  const auto dim = static_cast<int>(k.x.cols());
  clear_behind(k.segments, {&k.grad_x});
  multiply_rows(op,
                k.segments,
                products_of(k.segments, 1, rows, dim),
                columns_of<T>(k.projection, k.segments),
                MatrixView<T>{k.grad_out.data<T>(), dim, 1},
                k.grad_x.data<T>());
  projection_gradient<T>(op, k.x, k.segments, k.grad_out, k.grad_projection);
}
const OnCuda project_tokens_backward_entry{project_tokens_backward<float>,
                                           project_tokens_backward<double>};

}  // namespace
}  // namespace elastic::cuda
