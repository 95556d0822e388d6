// Clustering by direction: nearest centroids, their members, moving averages (Routing Transformer).
#pragma once

#include "tensor/kernel.h"
#include "tensor/segments.h"

namespace elastic::kernels {

/// Sums of two unit vectors per row: out_r = a_r / (|a_r| + 1e-12) + b_r / (|b_r| + 1e-12). a, b,
/// out [R, D].
struct UnitSum {
  static constexpr const char* kName = "unit_sum";
  const Tensor& a;
  const Tensor& b;
  Tensor& out;
  ELASTIC_OPERANDS(a, b, out);
  double flops() const { return 0.0; }
};

/// For each row, the centroid of its head with the largest product (ties and NaN rows: the smaller
/// index). x [T H, Dh], a token's heads one after the other, centroids [H, C, Dh] -> nearest [T H]
/// int32, rows of the centroids seen as [H C, Dh].
struct NearestCentroids {
  static constexpr const char* kName = "nearest_centroids";
  const Tensor& x;
  const Tensor& centroids;
  Tensor& nearest;
  ELASTIC_OPERANDS(x, centroids, nearest);
  double flops() const {
    return 2.0 * num_rows(x) * num_cols(x) * static_cast<double>(centroids.shape()[1]);
  }
};

/// Chooses each centroid's members: for segment b, head h and centroid c, the rows of x with the
/// largest products (ties: the earlier token; NaN counts as smallest), in the order of time. Their
/// number is the length of segment (b H + h) C + c of `members`, at most that of b. x and centroids
/// as above -> rows of x, owners (rows of the centroids) int32 [members.num_tokens()].
struct CentroidMembers {
  static constexpr const char* kName = "centroid_members";
  const Tensor& x;
  const Tensor& centroids;
  const Segments& segments;
  const Segments& members;
  Tensor& rows;
  Tensor& owners;
  ELASTIC_OPERANDS(x, centroids, segments, members, rows, owners);
  double flops() const {
    return 2.0 * num_rows(x) * num_cols(x) * static_cast<double>(centroids.shape()[1]);
  }
};

/// centroid = normalised( decay centroid + (1 - decay) sum / (2 count) ) in place: a moving average
/// of its members' directions; `sums` adds up their UnitSum. A centroid without members, or whose
/// average cannot be normalised, is unchanged. sums [H C, Dh], counts [H C] of the sums' type,
/// centroids [H, C, Dh].
struct MoveCentroids {
  static constexpr const char* kName = "move_centroids";
  const Tensor& sums;
  const Tensor& counts;
  double decay;
  Tensor& centroids;
  ELASTIC_OPERANDS(sums, counts, centroids);
  double flops() const { return 0.0; }
};

/// out_r = x_r / divisor_r, or zero if the divisor is 0; out may be x. x [R, D], divisors [R].
struct DivideRows {
  static constexpr const char* kName = "divide_rows";
  const Tensor& x;
  const Tensor& divisors;
  Tensor& out;
  ELASTIC_OPERANDS(x, divisors, out);
  double flops() const { return 0.0; }
};

}  // namespace elastic::kernels
