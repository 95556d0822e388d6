// The input of a model: a ragged batch of sequences.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "data/token_times.h"
#include "tensor/segments.h"
#include "tensor/tensor.h"

namespace elastic::data {

/// B sequences of T tokens in all, each oldest first, without padding.
struct Batch {
  Segments segments;    ///< every segment holds at least one token
  Tensor ids;           ///< [T] int32, items 1..V
  TimeTensors times{};  ///< undefined tensors unless the tokens have times
  [[nodiscard]] std::int64_t size() const { return segments.size(); }
  [[nodiscard]] std::int64_t num_tokens() const { return segments.num_tokens(); }
};

/// Collects sequences on the host and moves them to a device together.
class BatchBuilder {
 public:
  /// Appends the latest `max_len` items of `history`, which must not be empty. `times` are those of
  /// its events; in one batch all histories have times, or none.
  void add(std::span<const std::int32_t> history,
           std::int64_t max_len,
           const HistoryTimes& times = {});
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(offsets_.size()) - 1; }
  [[nodiscard]] std::int64_t num_tokens() const { return static_cast<std::int64_t>(ids_.size()); }
  /// Returns the batch and resets the builder.
  Batch build(Device device);

 private:
  std::vector<std::int32_t> ids_;
  std::vector<std::int32_t> offsets_{0};
  TokenTimes times_;
};

}  // namespace elastic::data
