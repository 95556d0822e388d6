// Counts of values by upper bounds, as Prometheus collects them.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string>

namespace elastic::cli {

/// May be used on several threads at once.
class Histogram {
 public:
  /// Ascending; at most kMaxBounds. Must outlive this.
  explicit Histogram(std::span<const double> bounds) : bounds_(bounds) {}

  void add(double value);
  /// Lines NAME_bucket{LABELS,le="..."}, NAME_sum and NAME_count. `labels` is 'a="b"' or "".
  [[nodiscard]] std::string text(const std::string& name, const std::string& labels) const;

 private:
  static constexpr std::size_t kMaxBounds = 24;

  std::span<const double> bounds_;
  std::array<std::atomic<std::int64_t>, kMaxBounds + 1> counts_{};  // the last: above all bounds
  std::atomic<double> sum_{0.0};
};

}  // namespace elastic::cli
