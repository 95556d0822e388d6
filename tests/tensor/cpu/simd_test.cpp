#include "tensor/cpu/simd.h"

#include "tensor/cpu/multiply_add.h"
#include "tensor/cpu/transpose_lanes.h"
#include "tensor/cpu/vector_math.h"
#include "tensor/tensor_values.h"

namespace elastic::cpu {
namespace {

template <class T>
std::vector<T> random_values(std::int64_t count) {
  RandomStream stream(3, RandomPurpose::kInit, 1);
  std::vector<T> values(static_cast<std::size_t>(count));
  for (T& value : values) {
    value = static_cast<T>(stream.normal());
  }
  return values;
}

template <class T>
T sum_by_halves(std::vector<T> lanes) {
  while (lanes.size() > 1) {
    if (sizeof(T) == 8 && kVectorBytes == 64 && lanes.size() == 4) {
      return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
    }
    const std::size_t half = lanes.size() / 2;
    for (std::size_t i = 0; i < half; ++i) {
      lanes[i] += lanes[half + i];
    }
    lanes.resize(half);
  }
  return lanes[0];
}

TEST_CASE_TEMPLATE("simd: the lanes of a sum are added in a fixed order", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  const std::int64_t lanes = kLanes<T>;
  const std::vector<T> values = random_values<T>(200 * lanes);
  for (std::int64_t begin = 0; begin + 3 * lanes <= 200 * lanes; begin += 3 * lanes - 1) {
    CAPTURE(begin);
    const T* x = values.data() + begin;
    LaneSum<T> sum;
    sum.add(load<Vector<T>>(x));
    CHECK(sum.total() == sum_by_halves<T>({x, x + lanes}));
    // Elements after the last whole vector are added last, in order.
    sum.add(x[lanes]);
    sum.add(x[lanes + 1]);
    CHECK(sum.total() == sum_by_halves<T>({x, x + lanes}) + (x[lanes] + x[lanes + 1]));
  }
}

TEST_CASE_TEMPLATE("simd: multiply_add rounds once if the machine can", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  // (1 + e) (1 - e) - 1 = -e^2, which the rounded product loses.
  const T e = std::numeric_limits<T>::epsilon();
  const Vector<T> one = Vector<T>{} + T(1);
  const Vector<T> result = multiply_add<T>(one + e, one - e, -one);
  for (int i = 0; i < kLanes<T>; ++i) {
#if defined(__FMA__)
    CHECK(T(result[i]) == -e * e);
#else
    CHECK(std::abs(T(result[i])) <= e * e);
#endif
  }
}

TEST_CASE_TEMPLATE("simd: smaller and larger return the second operand for NaN", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  const T nan = std::numeric_limits<T>::quiet_NaN();
  CHECK(smaller(T(1), T(2)) == T(1));
  CHECK(larger(T(1), T(2)) == T(2));
  CHECK(smaller(nan, T(2)) == T(2));
  CHECK(larger(nan, T(2)) == T(2));
  CHECK(std::isnan(smaller(T(2), nan)));
  CHECK(std::isnan(larger(T(2), nan)));
}

TEST_CASE_TEMPLATE("simd: transpose_lanes swaps rows and columns", T, float, double) {
  if (!on_cpu()) {
    return;
  }
  constexpr int kSize = kLanes<T>;
  Vector<T> rows[kSize];
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < kSize; ++j) {
      rows[i][j] = static_cast<T>(100 * i + j);
    }
  }
  transpose_lanes<T>(rows);
  for (int i = 0; i < kSize; ++i) {
    for (int j = 0; j < kSize; ++j) {
      CAPTURE(i);
      CAPTURE(j);
      CHECK(T(rows[i][j]) == static_cast<T>(100 * j + i));
    }
  }
}

}  // namespace
}  // namespace elastic::cpu
