// Attention to decayed histograms of codewords. The words' weights [tokens, C W] of a slab of
// tokens are computed by warps that walk along chunks of the segments, from the counts that the
// chunks before leave; then the values are one product. Backward computes the weights again, slab
// by slab from the last to the first: a token's occupancy receives gradients from later tokens.
#include <algorithm>
#include <cmath>
#include <utility>

#include "cuda/gemm.h"
#include "cuda/histogram_later.cuh"
#include "cuda/histogram_weights.cuh"
#include "cuda/rows.h"
#include "tensor/kernels/histogram_attention.h"

namespace elastic::cuda {
namespace {

constexpr std::int64_t kSlabElements = std::int64_t{1} << 22;  ///< 16 MiB of float32

// A warp takes a codebook of a row, with dot = g . value: alpha becomes dscores, ratio dcounts. The
// row is of token begin + row, or of segment begin + row's last.
template <class T>
__global__ void word_gradient_kernel(HistogramView<T> p,
                                     std::int64_t begin,
                                     std::int64_t rows,
                                     bool last_only,
                                     const T* dot,
                                     T* alpha,
                                     T* ratio,
                                     std::int32_t* score_rows) {
  for (std::int64_t i = grid_warp(); i < rows * p.codebooks; i += grid_warps()) {
    const std::int64_t row = begin + i / p.codebooks;
    const auto c = static_cast<int>(i % p.codebooks);
    const std::int64_t first = i * p.words;
    T mean = 0;
    for (int w = lane_index(); w < p.words; w += kWarp) {
      mean += alpha[first + w] * dot[first + w];
    }
    mean = warp_sum(mean);
    for (int w = lane_index(); w < p.words; w += kWarp) {
      const T centred = dot[first + w] - mean;
      alpha[first + w] *= centred;
      ratio[first + w] *= centred;
    }
    if (lane_index() == 0) {
      const bool none = last_only && p.offsets[row] == p.offsets[row + 1];
      const std::int64_t token = last_only ? p.offsets[row + 1] - 1 : row;
      score_rows[i] = c * p.words + (none ? 0 : p.code(token, c));
    }
  }
}

template <class T>
class Attention {
 public:
  Attention(const char* op,
            const CodeHistogram& histogram,
            const Tensor& scores,
            const Tensor& values)
      : op_(op),
        histogram_(histogram),
        segments_(*histogram.segments),
        values_(values.data<T>()),
        dim_(values.cols()),
        exponentials_(workspace<T>(scores.numel())) {
    view_ = {histogram.codes.data<std::int32_t>(),
             data_or_null<T>(histogram.occupancy),
             histogram.ids.data<std::int32_t>(),
             segments_.device_offsets().data<std::int32_t>(),
             scores.data<T>(),
             exponentials_.data<T>(),
             histogram.codes.shape()[1],
             static_cast<int>(segments_.size()),
             static_cast<int>(scores.shape()[0]),
             static_cast<int>(scores.shape()[1]),
             static_cast<T>(histogram.decay),
             static_cast<T>(std::exp(-histogram.decay))};
    columns_ = view_.columns();
    choose_warps();
    launch(exponentials_kernel<T>,
           row_blocks(scores.rows()),
           scores.data<T>(),
           scores.rows(),
           view_.words,
           exponentials_.data<T>());
    if (!histogram.last_only && segments_.max_length() > kTokenChunk) {
      starts_ = workspace<T>(segments_.num_tokens() / kTokenChunk * columns_);
      launch_warps(chunk_counts_kernel<T>, chunk_slots(segments_), view_, starts_.data<T>());
      launch(carry_counts_kernel<T>,
             segments_.size() * column_blocks(),
             view_,
             column_blocks(),
             starts_.data<T>());
    }
  }

  void forward(Tensor& out) {
    const std::int64_t rows = out.rows();
    Tensor alpha = workspace<T>(std::min(rows, slab()) * columns_);
    for (std::int64_t begin = 0; begin < rows; begin += slab()) {
      const std::int64_t end = std::min(rows, begin + slab());
      make_weights(begin, end, alpha.data<T>(), nullptr);
      gemm<T>(op_,
              end - begin,
              dim_,
              columns_,
              {alpha.data<T>(), columns_},
              {values_, dim_},
              out.data<T>() + begin * dim_,
              dim_,
              false);
    }
  }

  void backward(const Tensor& grad_out,
                Tensor& grad_occupancy,
                Tensor& grad_scores,
                Tensor& grad_values) {
    const std::int64_t tokens = segments_.num_tokens();
    const std::int64_t slabs = divide_up(tokens, slab());
    Tensor boundary = zero_workspace<T>(op_, 2 * columns_);
    T* after = boundary.data<T>();
    T* before = after + columns_;
    clear(grad_occupancy);
    clear(grad_scores);
    clear(grad_values);
    Tensor last_rows;  // with last_only: dcounts of all segments
    if (histogram_.last_only) {
      last_rows = workspace<T>(segments_.size() * columns_);
      row_gradients(0, segments_.size(), grad_out, last_rows.data<T>(), grad_scores, grad_values);
    }
    Tensor rows = workspace<T>(std::min(tokens, slab()) * columns_);
    for (std::int64_t s = slabs - 1; s >= 0; --s) {
      const std::int64_t begin = s * slab();
      const std::int64_t end = std::min(tokens, begin + slab());
      if (histogram_.last_only) {
        launch(spread_kernel<T>,
               row_blocks(end - begin),
               view_,
               begin,
               end,
               last_rows.data<T>(),
               rows.data<T>());
      } else {
        row_gradients(begin, end, grad_out, rows.data<T>(), grad_scores, grad_values);
        add_later(begin, end, after, before, rows.data<T>());
        std::swap(after, before);
      }
      scatter_add(op_,
                  rows.data<T>(),
                  view_.ids + begin,
                  end - begin,
                  columns_,
                  view_.items,
                  0,
                  grad_occupancy.data<T>());
    }
  }

 private:
  // Rows of weights that are computed at a time.
  [[nodiscard]] std::int64_t slab() const {
    return std::max<std::int64_t>(kSlabElements / columns_, kTokenChunk);
  }
  [[nodiscard]] std::int64_t column_blocks() const { return divide_up(columns_, kThreads); }
  static std::int64_t row_blocks(std::int64_t rows) {
    return std::min<std::int64_t>(divide_up(rows, kWarps), 1 << 16);
  }

  // As many warps to a block as there are codebooks and shared memory for their counts.
  void choose_warps() {
    const auto bytes = static_cast<std::size_t>(view_.words) * sizeof(T);
    const std::size_t room = runtime().shared_limit() / bytes;
    if (room == 0) {
      throw UsageError("cuda: ",
                       op_,
                       ": the counts of ",
                       view_.words,
                       " words do not fit into the ",
                       runtime().shared_limit() >> 10,
                       " KiB of shared memory of a block; lower --codebook-size");
    }
    warps_ = std::min(
        {static_cast<std::size_t>(view_.codebooks), room, static_cast<std::size_t>(kWarps)});
    shared_ = warps_ * bytes;
  }

  template <class... Parameters, class... Arguments>
  void launch(void (*kernel)(Parameters...), std::int64_t blocks, Arguments&&... arguments) {
    cuda::launch(op_, kernel, dim3(static_cast<unsigned int>(blocks)), arguments...);
  }
  template <class... Parameters, class... Arguments>
  void launch_warps(void (*kernel)(Parameters...), std::int64_t blocks, Arguments&&... arguments) {
    runtime().launch(op_,
                     kernel,
                     dim3(static_cast<unsigned int>(blocks)),
                     static_cast<unsigned int>(warps_) * kWarp,
                     shared_,
                     arguments...);
  }

  void clear(Tensor& tensor) const { clear(tensor.raw_data(), tensor.bytes()); }
  void clear(void* data, std::size_t bytes) const {
    ELASTIC_CUDA_CHECK(op_, cudaMemsetAsync(data, 0, bytes, runtime().stream()));
  }

  // Weights of tokens, or of segments' last ones, [begin, end).
  void make_weights(std::int64_t begin, std::int64_t end, T* alpha, T* ratio) {
    if (histogram_.last_only) {
      launch_warps(last_weights_kernel<T>, end - begin, view_, begin, alpha, ratio);
      return;
    }
    if (segments_.is_planned()) {  // tokens may follow the last segment
      const auto bytes = static_cast<std::size_t>((end - begin) * columns_) * sizeof(T);
      clear(alpha, bytes);
      if (ratio != nullptr) {
        clear(ratio, bytes);
      }
    }
    launch_warps(weights_kernel<T>,
                 chunk_slots(segments_),
                 view_,
                 data_or_null<T>(starts_),
                 begin,
                 end,
                 alpha,
                 ratio);
  }

  // dcounts [rows, C W] of rows [begin, end) of the result; adds to the gradients of scores and
  // values.
  void row_gradients(std::int64_t begin,
                     std::int64_t end,
                     const Tensor& grad_out,
                     T* grad_counts,
                     Tensor& grad_scores,
                     Tensor& grad_values) {
    const std::int64_t rows = end - begin;
    Tensor alpha = workspace<T>(rows * columns_);
    Tensor dot = workspace<T>(rows * columns_);
    Tensor score_rows = workspace<std::int32_t>(rows * view_.codebooks);
    const T* grad = grad_out.data<T>() + begin * dim_;
    make_weights(begin, end, alpha.data<T>(), grad_counts);
    gemm<T>(op_,
            rows,
            columns_,
            dim_,
            {grad, dim_},
            {values_, dim_, true},
            dot.data<T>(),
            columns_,
            false);
    gemm<T>(op_,
            columns_,
            dim_,
            rows,
            {alpha.data<T>(), columns_, true},
            {grad, dim_},
            grad_values.data<T>(),
            dim_,
            true);
    launch(word_gradient_kernel<T>,
           row_blocks(rows * view_.codebooks),
           view_,
           begin,
           rows,
           histogram_.last_only,
           dot.data<T>(),
           alpha.data<T>(),
           grad_counts,
           score_rows.data<std::int32_t>());
    scatter_add(op_,
                alpha.data<T>(),
                score_rows.data<std::int32_t>(),
                rows * view_.codebooks,
                view_.words,
                columns_,
                0,
                grad_scores.data<T>());
  }

  void add_later(std::int64_t begin, std::int64_t end, const T* after, T* before, T* rows) {
    const std::int64_t blocks = column_blocks();
    const std::int64_t slots = chunk_slots(segments_) * blocks;
    launch(later_in_chunk_kernel<T>, slots, view_, blocks, begin, end, rows);
    launch(later_chunks_kernel<T>,
           segments_.size() * blocks,
           view_,
           blocks,
           begin,
           end,
           after,
           before,
           rows);
    launch(later_tokens_kernel<T>, slots, view_, blocks, begin, end, after, rows);
  }

  const char* op_;
  const CodeHistogram& histogram_;
  const Segments& segments_;
  const T* values_;
  std::int64_t dim_;
  std::int64_t columns_ = 0;  ///< C W
  std::size_t warps_ = 0;
  std::size_t shared_ = 0;  ///< bytes
  Tensor exponentials_;
  Tensor starts_;  ///< [T / kTokenChunk, C, W]: counts that chunks start from
  HistogramView<T> view_{};
};

template <class T>
void histogram_attention_forward(const kernels::HistogramAttentionForward& k) {
  Attention<T>(k.kName, k.histogram, k.scores, k.values).forward(k.out);
}
const OnCuda histogram_attention_forward_entry{histogram_attention_forward<float>,
                                               histogram_attention_forward<double>};

template <class T>
void histogram_attention_backward(const kernels::HistogramAttentionBackward& k) {
  Attention<T>(k.kName, k.histogram, k.scores, k.values)
      .backward(k.grad_out, k.grad_occupancy, k.grad_scores, k.grad_values);
}
const OnCuda histogram_attention_backward_entry{histogram_attention_backward<float>,
                                                histogram_attention_backward<double>};

}  // namespace
}  // namespace elastic::cuda
