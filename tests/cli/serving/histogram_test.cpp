#include "cli/serving/histogram.h"

#include <doctest/doctest.h>

#include <array>

using elastic::cli::Histogram;

TEST_CASE("histogram: buckets count all values up to their bound") {
  static constexpr std::array<double, 2> kBounds{1, 10};
  Histogram histogram(kBounds);
  for (const double value : {0.5, 1.0, 5.0, 100.0}) {
    histogram.add(value);
  }
  CHECK(histogram.text("t", "r=\"x\"") ==
        "t_bucket{r=\"x\",le=\"1\"} 2\n"
        "t_bucket{r=\"x\",le=\"10\"} 3\n"
        "t_bucket{r=\"x\",le=\"+Inf\"} 4\n"
        "t_sum{r=\"x\"} 106.5\n"
        "t_count{r=\"x\"} 4\n");
  CHECK(
      Histogram(kBounds).text("t", "") ==
      "t_bucket{le=\"1\"} 0\nt_bucket{le=\"10\"} 0\nt_bucket{le=\"+Inf\"} 0\nt_sum 0\nt_count 0\n");
}
