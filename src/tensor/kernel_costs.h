// What a kernel's arguments come to, for the kernel book.
#pragma once

#include <algorithm>
#include <vector>

#include "tensor/backend.h"

namespace elastic {

inline double rows(const Tensor& x) {
  return static_cast<double>(x.rows());
}

inline double cols(const Tensor& x) {
  return static_cast<double>(x.cols());
}

// H k of an expert tensor [B, H, k, D].
inline double queries_per_sequence(const Tensor& experts) {
  return static_cast<double>(experts.shape()[1] * experts.shape()[2]);
}

// Query-key pairs that take part, masked ones left out.
inline double attended_pairs(const AttentionLayout& layout) {
  double pairs = 0.0;
  for (std::int64_t b = 0; b < layout.queries->size(); ++b) {
    const double queries = layout.queries->length(b);
    pairs += layout.causal ? queries * (queries + 1.0) / 2.0 : queries * layout.keys->length(b);
    if (layout.window > 0) {  // without what lies before it
      const double before = std::max(0.0, queries - 1.0 - static_cast<double>(layout.window));
      pairs -= before * (before + 1.0) / 2.0;
    }
  }
  return pairs;
}

inline double bytes_of(const Tensor& x) {
  return x.defined() ? static_cast<double>(x.bytes()) : 0.0;
}

inline double bytes_of(Tensor* x) {
  return x == nullptr ? 0.0 : bytes_of(*x);
}

inline double bytes_of(const Norm& norm) {
  return bytes_of(norm.weight) + bytes_of(norm.bias);
}

inline double bytes_of(const CodeHistogram& histogram) {
  return bytes_of(histogram.codes) + bytes_of(histogram.occupancy) + bytes_of(histogram.ids);
}

inline double bytes_of(const SampledItems& sampled) {
  return bytes_of(sampled.rows) + bytes_of(sampled.log_counts) +
         bytes_of(sampled.target_log_counts) + bytes_of(sampled.owners) +
         bytes_of(sampled.excluded_places);
}

inline double bytes_of(const FfnWeights& w) {
  return bytes_of(w.norm) + bytes_of(w.up_weight) + bytes_of(w.up_bias) + bytes_of(w.down_weight) +
         bytes_of(w.down_bias);
}

inline double bytes_of(const std::vector<Tensor>& tensors) {
  double sum = 0.0;
  for (const Tensor& tensor : tensors) {
    sum += bytes_of(tensor);
  }
  return sum;
}

// Arguments that are no data.
template <class T>
inline double bytes_of(const T& /*parameter*/) {
  return 0.0;
}

template <class... Args>
inline double bytes_of_all(const Args&... args) {
  return (0.0 + ... + bytes_of(args));
}

}  // namespace elastic
