#include "model/attention_record.h"

#include <algorithm>
#include <cmath>

namespace elastic {
namespace {

std::vector<double> host_values(const Tensor& tensor) {
  if (tensor.dtype() == DType::kFloat64) {
    return tensor.to_vector<double>();
  }
  const std::vector<float> values = tensor.to_vector<float>();
  return {values.begin(), values.end()};
}

// Softmax of `scores`, times `factor`, added to `sums`.
void add_softmax(std::vector<double>& scores, double factor, double* sums) {
  const double most = *std::max_element(scores.begin(), scores.end());
  double total = 0.0;
  for (double& score : scores) {
    score = std::exp(score - most);
    total += score;
  }
  for (std::size_t t = 0; t < scores.size(); ++t) {
    sums[t] += factor * scores[t] / total;
  }
}

}  // namespace

void AttentionRecord::add_layer(const Variable& query,
                                const Variable& key,
                                const Segments& segments,
                                std::int64_t num_heads) {
  const std::vector<double> queries = host_values(query.value());
  const std::vector<double> keys = host_values(key.value());
  const auto experts = static_cast<std::size_t>(query.shape()[1]);
  const auto dim = static_cast<std::size_t>(query.shape()[2]);
  const auto heads = static_cast<std::size_t>(num_heads);
  const std::size_t width = dim / heads;
  const double scale = 1.0 / std::sqrt(static_cast<double>(width));
  sums_.resize(static_cast<std::size_t>(segments.size()));
  for (std::size_t b = 0; b < sums_.size(); ++b) {
    const auto begin = static_cast<std::size_t>(segments.begin(static_cast<std::int64_t>(b)));
    const auto length = static_cast<std::size_t>(segments.length(static_cast<std::int64_t>(b)));
    sums_[b].resize(experts * length);
    std::vector<double> scores(length);
    for (std::size_t row = 0; length > 0 && row < experts * heads; ++row) {
      const std::size_t expert = row / heads;
      const std::size_t head = row % heads;
      const double* q = &queries[(b * experts + expert) * dim + head * width];
      for (std::size_t t = 0; t < length; ++t) {
        const double* k = &keys[(begin + t) * dim + head * width];
        double sum = 0.0;
        for (std::size_t d = 0; d < width; ++d) {
          sum += q[d] * k[d];
        }
        scores[t] = scale * sum;
      }
      add_softmax(scores, 1.0 / static_cast<double>(heads), &sums_[b][expert * length]);
    }
  }
  ++num_layers_;
}

std::vector<std::vector<float>> AttentionRecord::mean() const {
  std::vector<std::vector<float>> means;
  for (const std::vector<double>& sums : sums_) {
    std::vector<float>& mean = means.emplace_back();
    for (const double sum : sums) {
      mean.push_back(static_cast<float>(sum / static_cast<double>(num_layers_)));
    }
  }
  return means;
}

}  // namespace elastic
