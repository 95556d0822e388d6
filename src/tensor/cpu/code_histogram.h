// Parts of LISA's attention along a sequence: counts of codewords, the words' weights, and the
// division of tokens among threads.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "tensor/code_histogram.h"
#include "tensor/cpu/eigen_arrays.h"
#include "tensor/cpu/parallel.h"
#include "tensor/cpu/segment_chunks.h"
#include "tensor/cpu/tile.h"
#include "tensor/cpu/vector_math.h"
#include "tensor/segments.h"

namespace elastic::cpu {

/// counts = factor * counts + addend, both [size]; counts that are too small become zero.
template <class T>
inline void decay_counts(T factor, const T* addend, std::int64_t size, T* counts) {
  for_lanes<T>(size, [&](auto v, std::int64_t j) {
    using V = decltype(v);
    const V least = v + kLeastCount<T>;
    v = load<V>(counts + j) * factor;
    if (addend != nullptr) {
      v += load<V>(addend + j);
    }
    store(counts + j, v < least && -v < least ? V{} : v);
  });
}

/// A CodeHistogram of elements T.
template <class T>
struct HistogramView {
  const std::int32_t* codes;
  const T* occupancy;  ///< null: one-hot codes
  const std::int32_t* ids;
  std::int64_t items;  ///< V + 1
  std::int64_t codebooks;
  std::int64_t words;
  T factor;  ///< e^-decay

  HistogramView(const CodeHistogram& histogram, const Tensor& scores)
      : codes(histogram.codes.data<std::int32_t>()),
        occupancy(histogram.occupancy.defined() ? histogram.occupancy.data<T>() : nullptr),
        ids(histogram.ids.data<std::int32_t>()),
        items(histogram.codes.shape()[1]),
        codebooks(scores.shape()[0]),
        words(scores.shape()[1]),
        factor(static_cast<T>(std::exp(-histogram.decay))) {}

  [[nodiscard]] std::int64_t code(std::int64_t token, std::int64_t c) const {
    return codes[c * items + ids[token]];
  }
  [[nodiscard]] const T* row(std::int64_t token, std::int64_t c) const {
    return occupancy + (ids[token] * codebooks + c) * words;
  }

  /// Advances the counts [W] of codebook c by one token.
  void advance(std::int64_t token, std::int64_t c, T* counts) const {
    if (occupancy != nullptr) {
      decay_counts<T>(factor, row(token, c), words, counts);
    } else {
      decay_counts<T>(factor, nullptr, words, counts);
      counts[code(token, c)] += T(1);
    }
  }

  /// counts [W] = those of tokens begin..end-1 at the last of them.
  void count(std::int64_t begin, std::int64_t end, std::int64_t c, T* counts) const {
    fill_zero(counts, words);
    T weight = 1;
    for (std::int64_t t = end - 1; t >= begin && weight >= kLeastCount<T>; --t) {
      if (occupancy == nullptr) {
        counts[code(t, c)] += weight;
      } else {
        const T* occupied = row(t, c);
        for_lanes<T>(words, [&](auto v, std::int64_t j) {
          using V = decltype(v);
          store(counts + j, load<V>(counts + j) + weight * load<V>(occupied + j));
        });
      }
      weight *= factor;
    }
  }
};

/// alpha = counts * e / sum of counts * e and ratio = e / sum, e = exp(scores[c, code]) up to a
/// factor.
template <class T>
class WordWeights {
 public:
  explicit WordWeights(const Tensor& scores)
      : words_(scores.cols()),
        scores_(scores.data<T>()),
        exponentials_(workspace<T>(scores.numel())) {
    const Tiles rows{scores.rows(), kTokenTile};
    T* exponentials = exponentials_.data<T>();
    parallel_for(
        rows.count(), kElementWork * static_cast<double>(scores.numel()), [&](std::int64_t i) {
          for (std::int64_t r = rows.begin(i); r < rows.end(i); ++r) {
            const ConstArrayMap<T> in(scores_ + r * words_, words_);
            ArrayMap<T>(exponentials + r * words_, words_) = in - in.maxCoeff();
          }
          exp_in_place(exponentials + rows.begin(i) * words_,
                       (rows.end(i) - rows.begin(i)) * words_);
        });
  }

  /// Computes one token's weights; `row` is c * W + code. alpha, ratio, scratch [W]; `ratio` may be
  /// null.
  void operator()(std::int64_t row, const T* counts, T* alpha, T* ratio, T* scratch) const {
    const T* exponentials = exponentials_.data<T>() + row * words_;
    T total = weigh(counts, exponentials, alpha);
    if (total < kLeastTotal<T>) {
      total = weigh_met(scores_ + row * words_, counts, scratch, alpha);
      exponentials = scratch;
    }
    const T inverse = T(1) / total;
    for_lanes<T>(words_, [&](auto v, std::int64_t j) {
      using V = decltype(v);
      const V least = v + std::numeric_limits<T>::min();
      v = load<V>(alpha + j) * inverse;
      store(alpha + j, v < least && -v < least ? V{} : v);
      if (ratio != nullptr) {
        store(ratio + j, load<V>(exponentials + j) * inverse);
      }
    });
  }

 private:
  T weigh(const T* counts, const T* exponentials, T* alpha) const {
    LaneSum<T> sum;
    for_lanes<T>(words_, [&](auto v, std::int64_t j) {
      using V = decltype(v);
      v = load<V>(counts + j) * load<V>(exponentials + j);
      store(alpha + j, v);
      sum.add(v);
    });
    return sum.total();
  }

  // With exponentials relative to the largest score among the words that have occurred.
  T weigh_met(const T* scores, const T* counts, T* exponentials, T* alpha) const {
    T largest = std::numeric_limits<T>::lowest();
    for (std::int64_t w = 0; w < words_; ++w) {
      largest = counts[w] > T(0) ? std::max(largest, scores[w]) : largest;
    }
    for (std::int64_t w = 0; w < words_; ++w) {
      exponentials[w] = std::min(scores[w] - largest, kMostExponent<T>);
    }
    exp_in_place(exponentials, words_);
    const T total = weigh(counts, exponentials, alpha);
    for (std::int64_t w = 0; w < words_; ++w) {
      exponentials[w] = std::min(exponentials[w], total / kLeastCount<T>);
    }
    return total;
  }

  std::int64_t words_;
  const T* scores_;
  Tensor exponentials_;
};

/// The division of a ragged batch's tokens. A chunk is a part of one segment; its counts start from
/// the end of the chunk before it. A unit, the work of one thread, is some whole chunks with a few
/// hundred tokens together. A round is units of whole segments.
class HistogramPlan {
 public:
  struct Range {
    std::int64_t begin;
    std::int64_t end;
  };
  struct Round {
    Range segments;
    Range units;
    Range tokens;
  };

  explicit HistogramPlan(const Segments& segments) : chunks(segments) {
    constexpr std::int64_t kUnitTokens = 256;
    constexpr std::int64_t kRoundTokens =
        32768;  // bounds the workspace, unless a segment is longer
    Round round{};
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      for (std::int64_t c = chunks.first(b); c < chunks.first(b + 1); ++c) {
        const bool begins_unit =
            static_cast<std::int64_t>(units.size()) == round.units.begin ||
            chunks[c].begin - unit_tokens(units.size() - 1).begin >= kUnitTokens;
        if (begins_unit) {
          units.push_back({c, c + 1});
        } else {
          units.back().end = c + 1;
        }
        const Range tokens = unit_tokens(units.size() - 1);
        longest_unit = std::max(longest_unit, tokens.end - tokens.begin);
      }
      if (b + 1 == segments.size() || segments.end(b) - round.tokens.begin >= kRoundTokens) {
        round.segments.end = b + 1;
        round.units.end = static_cast<std::int64_t>(units.size());
        round.tokens.end = segments.end(b);
        rounds.push_back(round);
        round = {{b + 1, b + 1}, {round.units.end, 0}, {round.tokens.end, 0}};
      }
    }
  }

  [[nodiscard]] Range unit_tokens(std::size_t unit) const {
    return {chunks[units[unit].begin].begin, chunks[units[unit].end - 1].end};
  }
  /// Whether the chunk's segment continues in the next chunk.
  [[nodiscard]] bool goes_on(std::int64_t chunk) const {
    return chunk + 1 < chunks.count() && chunks[chunk + 1].segment == chunks[chunk].segment;
  }

  SegmentChunks chunks;
  std::vector<Range> units;  ///< of chunks
  std::vector<Round> rounds;
  std::int64_t longest_unit = 0;  ///< tokens
};

/// The counts that each chunk of a long segment starts from.
template <class T>
class ChunkStarts {
 public:
  ChunkStarts(const HistogramView<T>& view, const Segments& segments, const HistogramPlan& plan)
      : plan_(plan), words_(view.words), codebooks_(view.codebooks) {
    const SegmentChunks& chunks = plan.chunks;
    if (chunks.count() <= 1 || !has_long(segments)) {
      return;
    }
    starts_ = workspace<T>(chunks.count() * codebooks_ * words_);
    parallel_for(chunks.count() * codebooks_,
                 product_work(segments.num_tokens(), codebooks_),
                 [&](std::int64_t i) {
                   const std::int64_t chunk = i / codebooks_;
                   if (plan.goes_on(chunk)) {
                     view.count(chunks[chunk].begin,
                                chunks[chunk].end,
                                i % codebooks_,
                                at(chunk + 1, i % codebooks_));
                   }
                 });
    parallel_for(segments.size(), static_cast<double>(starts_.numel()), [&](std::int64_t b) {
      for (std::int64_t chunk = chunks.first(b) + 2; chunk < chunks.first(b + 1); ++chunk) {
        const T factor =
            std::pow(view.factor, static_cast<T>(chunks[chunk - 1].end - chunks[chunk - 1].begin));
        for (std::int64_t j = 0; j < codebooks_ * words_; ++j) {
          at(chunk, 0)[j] += factor * at(chunk - 1, 0)[j];
        }
      }
    });
  }

  /// counts [count * W] = the counts of codebooks first..first+count-1 at the chunk's start.
  void copy_to(std::int64_t chunk, std::int64_t first, std::int64_t count, T* counts) const {
    if (chunk > 0 && plan_.goes_on(chunk - 1)) {
      std::copy(at(chunk, first), at(chunk, first + count), counts);
    } else {
      fill_zero(counts, count * words_);
    }
  }

 private:
  bool has_long(const Segments& segments) const {
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      if (plan_.chunks.first(b + 1) - plan_.chunks.first(b) > 1) {
        return true;
      }
    }
    return false;
  }
  [[nodiscard]] T* at(std::int64_t chunk, std::int64_t codebook) const {
    return starts_.data<T>() + (chunk * codebooks_ + codebook) * words_;
  }

  const HistogramPlan& plan_;
  std::int64_t words_;
  std::int64_t codebooks_;
  Tensor starts_;
};

}  // namespace elastic::cpu
