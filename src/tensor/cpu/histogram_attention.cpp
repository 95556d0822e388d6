// Attention to decayed histograms of codewords. Counts are accumulated along the segments; one
// product multiplies a tile's word weights [tile, C W] with the values. Backward recomputes counts
// and weights from the counts at each tile's start.
#include "tensor/kernels/histogram_attention.h"

#include "tensor/cpu/code_histogram.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/gemm.h"
#include "tensor/cpu/row_sort.h"
#include "tensor/cpu/vector_math.h"

namespace elastic::cpu {
namespace {

// Long because its two walks, over the last tokens alone and over all, share values and scratch.
template <class T>
void forward(const kernels::HistogramAttentionForward& k) {
  const HistogramView<T> view(k.histogram, k.scores);
  const WordWeights<T> weights(k.scores);
  const std::int64_t dim = k.values.cols();
  const std::int64_t words = view.words;
  const std::int64_t all_words = view.codebooks * words;
  Tensor packed = workspace<T>(packed_size<T>(all_words, dim));
  pack(all_words, dim, row_major(k.values.data<T>(), dim), packed.data<T>());
  const ThreadScratch<T> scratch((kTokenTile + 1) * all_words + words);
  const double work = product_work(k.out.rows(), all_words, dim);
  const auto multiply = [&](std::int64_t begin, std::int64_t rows, const T* alpha) {
    T* result = k.out.data<T>() + begin * dim;
    gemm(rows, dim, all_words, row_major(alpha, all_words), packed.data<T>(), result, dim, false);
  };

  const Segments& segments = *k.histogram.segments;
  if (k.histogram.last_only) {
    const Tiles tiles = token_tiles(segments.size());
    parallel_for(tiles.count(), work, [&](std::int64_t tile) {
      T* alpha = scratch.get();
      T* counts = alpha + kTokenTile * all_words;
      for (std::int64_t b = tiles.begin(tile); b < tiles.end(tile); ++b) {
        T* row = alpha + (b - tiles.begin(tile)) * all_words;
        fill_zero(row, all_words);
        const std::int64_t last = segments.end(b) - 1;
        for (std::int64_t c = 0; c < view.codebooks && segments.length(b) > 0; ++c) {
          view.count(segments.begin(b), segments.end(b), c, counts);
          const std::int64_t word = c * words + view.code(last, c);
          weights(word, counts, row + c * words, nullptr, counts + all_words);
        }
      }
      multiply(tiles.begin(tile), tiles.end(tile) - tiles.begin(tile), alpha);
    });
    return;
  }

  const HistogramPlan plan(segments);
  const ChunkStarts<T> starts(view, segments, plan);
  parallel_for(static_cast<std::int64_t>(plan.units.size()), work, [&](std::int64_t u) {
    T* alpha = scratch.get();
    T* counts = alpha + kTokenTile * all_words;
    const auto unit = static_cast<std::size_t>(u);
    const HistogramPlan::Range tokens = plan.unit_tokens(unit);
    std::int64_t chunk = plan.units[unit].begin;
    for (std::int64_t begin = tokens.begin; begin < tokens.end; begin += kTokenTile) {
      const std::int64_t rows = std::min(kTokenTile, tokens.end - begin);
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t token = begin + i;
        if (chunk < plan.units[unit].end && token == plan.chunks[chunk].begin) {
          starts.copy_to(chunk++, 0, view.codebooks, counts);
        }
        for (std::int64_t c = 0; c < view.codebooks; ++c) {
          view.advance(token, c, counts + c * words);
          weights(c * words + view.code(token, c),
                  counts + c * words,
                  alpha + i * all_words + c * words,
                  nullptr,
                  counts + all_words);
        }
      }
      multiply(begin, rows, alpha);
    }
  });
}

// With e the exponentials, s their weighted sum, g = dL/dout and p_w = g . value_w, of one token
// and codebook: alpha = count e / s, ratio = e / s,
//   dscores = alpha (p - alpha . p),  dcounts = ratio (p - alpha . p),  dvalues = alpha^T g,
// and a token's occupancy enters the counts of itself and all later tokens of its segment:
//   doccupancy_j = dcounts_j + e^-decay doccupancy_{j+1}.
// Processes one round of segments and one codebook at a time; sums over tokens add the units in
// order.
template <class T>
class Backward {
 public:
  Backward(const CodeHistogram& histogram,
           const Tensor& scores,
           const Tensor& values,
           const Tensor& grad_out)
      : histogram_(histogram),
        segments_(*histogram.segments),
        view_(histogram, scores),
        weights_(scores),
        plan_(segments_),
        starts_(view_, segments_, plan_),
        values_(values.data<T>()),
        grad_out_(grad_out.data<T>()),
        dim_(values.cols()),
        words_(view_.words),
        packed_(workspace<T>(packed_size<T>(dim_, words_))),
        scratch_(kTokenTile * 3 * words_ + 3 * words_ +
                 (plan_.longest_unit / kTokenTile + 1) * words_),
        sums_(workspace<T>(words_ * (words_ + dim_))) {
    std::int64_t longest = 0;
    for (const HistogramPlan::Round& round : plan_.rounds) {
      longest = std::max(longest, round.tokens.end - round.tokens.begin);
    }
    grad_tokens_ = workspace<T>(longest * words_);
  }

  void run(Tensor& grad_occupancy, Tensor& grad_scores, Tensor& grad_values) {
    fill_zero(grad_occupancy.data<T>(), grad_occupancy.numel());
    fill_zero(grad_scores.data<T>(), grad_scores.numel());
    fill_zero(grad_values.data<T>(), grad_values.numel());
    for (const HistogramPlan::Round& round : plan_.rounds) {
      first_token_ = round.tokens.begin;
      const SortedRows sorted(
          view_.ids + first_token_, round.tokens.end - first_token_, view_.items);
      for (std::int64_t c = 0; c < view_.codebooks; ++c) {
        pack(dim_, words_, transposed(values_ + c * words_ * dim_, dim_), packed_.data<T>());
        if (histogram_.last_only) {
          last_tokens(round, c);
        } else {
          all_tokens(round, c);
          add_later_chunks(round);
        }
        const T* sums = sums_.data<T>();
        ArrayMap<T>(grad_scores.data<T>() + c * words_ * words_, words_ * words_) +=
            ConstArrayMap<T>(sums, words_ * words_);
        ArrayMap<T>(grad_values.data<T>() + c * words_ * dim_, words_ * dim_) +=
            ConstArrayMap<T>(sums + words_ * words_, words_ * dim_);
        sorted.add_to(grad_tokens_.data<T>(),
                      words_,
                      0,
                      grad_occupancy.data<T>() + c * words_,
                      view_.codebooks * words_);
      }
    }
  }

 private:
  using Range = HistogramPlan::Range;

  // A thread's buffers.
  struct Buffers {
    T* alpha;    // [tile, W]
    T* ratio;    // [tile, W]
    T* dot;      // [tile, W]: g . value, later dcounts
    T* counts;   // [W]
    T* exact;    // [W]
    T* later;    // [W]: doccupancy of the token after
    T* restart;  // [tiles of a unit, W]: counts at their starts
  };
  Buffers buffers() const {
    T* base = scratch_.get();
    const std::int64_t tile = kTokenTile * words_;
    T* counts = base + 3 * tile;
    return {base,
            base + tile,
            base + 2 * tile,
            counts,
            counts + words_,
            counts + 2 * words_,
            counts + 3 * words_};
  }
  T* grad_token(std::int64_t token) const {
    return grad_tokens_.data<T>() + (token - first_token_) * words_;
  }
  double work(std::int64_t rows) const { return 2.0 * product_work(rows, words_, dim_); }

  // Computes dvalues and dscores from rows [alpha, ratio] of a tile and adds them to `sums`; leaves
  // dcounts in buffers.dot. code(i): the row's codeword.
  template <class Code>
  void tile_gradient(
      const Buffers& of, std::int64_t rows, const T* grad, const Code& code, T* sums) const {
    gemm(rows, words_, dim_, row_major(grad, dim_), packed_.data<T>(), of.dot, words_, false);
    gemm_unpacked(words_,
                  dim_,
                  rows,
                  transposed<T>(of.alpha, words_),
                  grad,
                  dim_,
                  sums + words_ * words_,
                  dim_,
                  true);
    for (std::int64_t i = 0; i < rows; ++i) {
      const T* alpha = of.alpha + i * words_;
      const T* ratio = of.ratio + i * words_;
      T* dot = of.dot + i * words_;
      LaneSum<T> sum;
      for_lanes<T>(words_, [&](auto v, std::int64_t j) {
        using V = decltype(v);
        sum.add(load<V>(alpha + j) * load<V>(dot + j));
      });
      const T mean = sum.total();
      T* grad_scores = sums + code(i) * words_;
      for_lanes<T>(words_, [&](auto v, std::int64_t j) {
        using V = decltype(v);
        v = load<V>(dot + j) - mean;
        store(grad_scores + j, load<V>(grad_scores + j) + load<V>(alpha + j) * v);
        store(dot + j, load<V>(ratio + j) * v);
      });
    }
  }

  // The gradient of each token's occupancy, from its own chunk only.
  void all_tokens(const HistogramPlan::Round& round, std::int64_t c) {
    const std::int64_t units = round.units.end - round.units.begin;
    reduce_chunks(Tiles{units, 1},
                  work(round.tokens.end - round.tokens.begin),
                  sums_.numel(),
                  sums_.data<T>(),
                  [&](std::int64_t u, T* sums) {
                    unit_gradient(static_cast<std::size_t>(round.units.begin + u), c, sums);
                  });
  }

  void unit_gradient(std::size_t unit, std::int64_t c, T* sums) const {
    const Buffers of = buffers();
    const Range tokens = plan_.unit_tokens(unit);
    std::int64_t chunk = plan_.units[unit].begin;
    const auto advance = [&](std::int64_t token) {
      if (chunk < plan_.units[unit].end && token == plan_.chunks[chunk].begin) {
        starts_.copy_to(chunk++, c, 1, of.counts);
      }
      view_.advance(token, c, of.counts);
    };
    for (std::int64_t token = tokens.begin; token < tokens.end; ++token) {
      if ((token - tokens.begin) % kTokenTile == 0) {
        T* restart = of.restart + (token - tokens.begin) / kTokenTile * words_;
        std::copy(of.counts, of.counts + words_, restart);
      }
      advance(token);
    }
    const std::int64_t tiles = (tokens.end - tokens.begin + kTokenTile - 1) / kTokenTile;
    for (std::int64_t tile = tiles - 1; tile >= 0; --tile) {
      const std::int64_t begin = tokens.begin + tile * kTokenTile;
      const std::int64_t rows = std::min(kTokenTile, tokens.end - begin);
      const T* restart = of.restart + tile * words_;
      std::copy(restart, restart + words_, of.counts);
      while (chunk > plan_.units[unit].begin && plan_.chunks[chunk - 1].begin >= begin) {
        --chunk;
      }
      for (std::int64_t i = 0; i < rows; ++i) {
        advance(begin + i);
        weights_(c * words_ + view_.code(begin + i, c),
                 of.counts,
                 of.alpha + i * words_,
                 of.ratio + i * words_,
                 of.exact);
      }
      tile_gradient(
          of,
          rows,
          grad_out_ + begin * dim_,
          [&](std::int64_t i) { return view_.code(begin + i, c); },
          sums);
      add_later_tokens(of, begin, rows, chunk - 1);
    }
  }

  // dcounts of a tile whose last token is in `chunk`, from its end to its start.
  void add_later_tokens(const Buffers& of,
                        std::int64_t begin,
                        std::int64_t rows,
                        std::int64_t chunk) const {
    for (std::int64_t token = begin + rows - 1; token >= begin; --token) {
      if (token < plan_.chunks[chunk].begin) {
        --chunk;
      }
      if (token + 1 == plan_.chunks[chunk].end) {
        fill_zero(of.later, words_);
      }
      decay_counts(view_.factor, of.dot + (token - begin) * words_, words_, of.later);
      std::copy(of.later, of.later + words_, grad_token(token));
    }
  }

  // Adds the gradients from the chunks after a token's own.
  void add_later_chunks(const HistogramPlan::Round& round) {
    const SegmentChunks& chunks = plan_.chunks;
    parallel_for(round.segments.end - round.segments.begin,
                 product_work(round.tokens.end - round.tokens.begin, words_),
                 [&](std::int64_t s) {
                   const std::int64_t b = round.segments.begin + s;
                   for (std::int64_t chunk = chunks.first(b + 1) - 2; chunk >= chunks.first(b);
                        --chunk) {
                     spread(grad_token(chunks[chunk].end),
                            view_.factor,
                            chunks[chunk].begin,
                            chunks[chunk].end);
                   }
                 });
  }

  // Tokens begin..end-1 += factor * source, the factor being `weight` at the last token and
  // decaying towards the first.
  void spread(const T* source, T weight, std::int64_t begin, std::int64_t end) const {
    for (std::int64_t token = end - 1; token >= begin && weight >= kLeastCount<T>; --token) {
      T* target = grad_token(token);
      for_lanes<T>(words_, [&](auto v, std::int64_t j) {
        using V = decltype(v);
        store(target + j, load<V>(target + j) + weight * load<V>(source + j));
      });
      weight *= view_.factor;
    }
  }

  void last_tokens(const HistogramPlan::Round& round, std::int64_t c) {
    const std::int64_t count = round.segments.end - round.segments.begin;
    fill_zero(grad_tokens_.data<T>(), (round.tokens.end - round.tokens.begin) * words_);
    const Tiles tiles{count, kTokenTile};
    reduce_chunks(tiles, work(count), sums_.numel(), sums_.data<T>(), [&](std::int64_t t, T* sums) {
      const Buffers of = buffers();
      const std::int64_t first = round.segments.begin + tiles.begin(t);
      const std::int64_t rows = tiles.end(t) - tiles.begin(t);
      const auto code = [&](std::int64_t i) {
        return segments_.length(first + i) == 0 ? 0 : view_.code(segments_.end(first + i) - 1, c);
      };
      for (std::int64_t i = 0; i < rows; ++i) {
        const std::int64_t b = first + i;
        if (segments_.length(b) == 0) {
          fill_zero(of.alpha + i * words_, words_);
          fill_zero(of.ratio + i * words_, words_);
          continue;
        }
        view_.count(segments_.begin(b), segments_.end(b), c, of.counts);
        weights_(c * words_ + code(i),
                 of.counts,
                 of.alpha + i * words_,
                 of.ratio + i * words_,
                 of.exact);
      }
      tile_gradient(of, rows, grad_out_ + first * dim_, code, sums);
      for (std::int64_t i = 0; i < rows; ++i) {
        spread(of.dot + i * words_, T(1), segments_.begin(first + i), segments_.end(first + i));
      }
    });
  }

  const CodeHistogram& histogram_;
  const Segments& segments_;
  HistogramView<T> view_;
  WordWeights<T> weights_;
  HistogramPlan plan_;
  ChunkStarts<T> starts_;
  const T* values_;
  const T* grad_out_;
  std::int64_t dim_;
  std::int64_t words_;
  Tensor packed_;  // the values of a codebook, transposed
  ThreadScratch<T> scratch_;
  Tensor sums_;                   // [W, W] scores, [W, D] values, of a round and codebook
  Tensor grad_tokens_;            // [tokens of a round, W]
  std::int64_t first_token_ = 0;  // of the round
};

const OnCpu histogram_attention_forward_entry{forward<float>, forward<double>};

template <class T>
void histogram_attention_backward(const kernels::HistogramAttentionBackward& k) {
  Backward<T>(k.histogram, k.scores, k.values, k.grad_out)
      .run(k.grad_occupancy, k.grad_scores, k.grad_values);
}
const OnCpu histogram_attention_backward_entry{histogram_attention_backward<float>,
                                               histogram_attention_backward<double>};

}  // namespace
}  // namespace elastic::cpu
