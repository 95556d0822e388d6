// Shared inputs of the tests of LISA's attention.
#pragma once

#include <vector>

#include "autograd/op_checks.h"
#include "autograd/ops/histogram_attention.h"
#include "autograd/ops/softmax.h"
#include "tensor/segments.h"

namespace elastic {

struct HistogramCase {
  std::vector<std::int32_t> lengths;
  std::int64_t codebooks;
  std::int64_t words;
  std::int64_t dim;
  std::int32_t items;
  double decay = 0.1;
  bool soft = false;
  bool last_only = false;

  [[nodiscard]] Segments segments() const { return segments_of(lengths); }
  [[nodiscard]] std::vector<std::int32_t> ids() const {
    return random_ids(segments().num_tokens(), 1, items, 5);
  }
  [[nodiscard]] std::vector<std::int32_t> codes() const {
    return random_ids(codebooks * (items + 1), 0, static_cast<std::int32_t>(words) - 1, 6);
  }
};

inline HistogramCase variant(HistogramCase c, bool soft, bool last_only) {
  c.soft = soft;
  c.last_only = last_only;
  return c;
}

// scores, values, then the items' weights by codebook, results of a softmax.
inline std::vector<Tensor> inputs_of(const HistogramCase& c, double score_scale = 1.0) {
  std::vector<Tensor> inputs{random_f64({c.codebooks, c.words, c.words}, 1, score_scale),
                             random_f64({c.codebooks, c.words, c.dim}, 2)};
  for (std::int64_t b = 0; b < c.codebooks; ++b) {
    const Tensor logits = random_f64({c.items + 1, c.words}, static_cast<std::uint64_t>(3 + b));
    inputs.push_back(ops::softmax(Variable(logits)).value());
  }
  return inputs;
}

inline ops::ItemCodes item_codes(const HistogramCase& c, const std::vector<Variable>& in) {
  ops::ItemCodes items;
  items.codes = tensor_of(c.codes(), {c.codebooks, c.items + 1});
  items.probs.assign(in.begin() + 2, in.end());
  if (c.soft) {
    items.occupancy = ops::pack_occupancy(items.probs);
  }
  return items;
}

inline TensorFunction attention(const HistogramCase& c) {
  return [=](const auto& in) {
    return ops::histogram_attention(
        item_codes(c, in), int_tensor(c.ids()), c.segments(), in[0], in[1], c.decay, c.last_only);
  };
}

}  // namespace elastic
