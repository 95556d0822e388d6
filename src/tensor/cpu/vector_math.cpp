// exp and GELU over arrays, by vectors.
#include "tensor/cpu/vector_math.h"

#if defined(__AVX512F__)
#include <immintrin.h>
#endif

#include <cmath>
#include <limits>
#include <type_traits>

#include "tensor/cpu/multiply_add.h"

namespace elastic::cpu {
namespace {

template <class T>
using Bits =
    typename VectorOf<std::conditional_t<std::is_same_v<T, float>, std::uint32_t, std::uint64_t>,
                      kVectorBytes>::Type;

template <class T>
constexpr int kMantissaBits = std::numeric_limits<T>::digits - 1;
// Adding x to this number rounds x to an integer, held in the last bits of the sum.
template <class T>
constexpr T kShifter = T(1.5) * static_cast<T>(std::int64_t{1} << kMantissaBits<T>);

template <class T>
Vector<T> nearest(Vector<T> x) {
  return (x + kShifter<T>)-kShifter<T>;
}

// The largest whole number <= x.
template <class T>
Vector<T> floor(Vector<T> x) {
#if defined(__AVX512F__)
  if constexpr (std::is_same_v<T, float>) {
    return _mm512_floor_ps(x);
  } else {
    return _mm512_floor_pd(x);
  }
#else
  const Vector<T> whole = nearest<T>(x);
  return whole > x ? whole - T(1) : whole;
#endif
}

// 2^m for integers m from -bias (result zero) to bias + 1 (infinity); the bias is 127 or 1023.
template <class T>
Vector<T> power_of_two(Vector<T> m) {
  constexpr T kBias = std::numeric_limits<T>::max_exponent - 1;
  const Vector<T> in_last_bits = m + (kShifter<T> + kBias);
  return reinterpret_cast<Vector<T>>(reinterpret_cast<Bits<T>>(in_last_bits) << kMantissaBits<T>);
}

// x 2^m for integers m in two steps, the first exact, so that both powers of two are representable.
template <class T>
Vector<T> scale(Vector<T> x, Vector<T> m) {
  const Vector<T> half = nearest<T>(T(0.5) * m);
  return x * power_of_two<T>(half) * power_of_two<T>(m - half);
}

template <class T>
Vector<T> all(T value) {
  return Vector<T>{} + value;
}

template <class T>
Vector<T> clamp(Vector<T> x, T limit) {
  return larger(all(-limit), smaller(all(limit), x));
}

// exp(x) = 2^m exp(r) with m = floor(x / ln(2) + 1/2) and r = x - m ln(2). The polynomials and the
// parts of ln(2) are those of expf and exp in Cephes (S. L. Moshier, netlib.org/cephes). The limits
// and the order of operations are Eigen 3.4's, and so are the bits. The last maximum restores
// infinity, which the clamp loses.

#if defined(__AVX512F__)
constexpr float kExpLimit = 88.3762626647950F;  // m from -127, where the result is zero, to 127
#else
constexpr float kExpLimit = 88.723F;
#endif

Vector<float> exp(Vector<float> x) {
  using V = Vector<float>;
  constexpr auto all = elastic::cpu::all<float>;
  constexpr auto fma = multiply_add<float>;
  const V clamped = clamp(x, kExpLimit);
  const V m = floor<float>(fma(clamped, all(1.44269504088896341F), all(0.5F)));
#if defined(__AVX512F__)
  const V r = fma(m, all(-0.6931471805599453F), clamped);
#else
  const V r = fma(m, all(2.12194440e-4F), fma(m, all(-0.693359375F), clamped));
#endif
  const V r2 = r * r;
  V low = fma(all(1.9875691500e-4F), r, all(1.3981999507e-3F));
  low = fma(low, r, all(8.3334519073e-3F));
  V high = fma(all(4.1665795894e-2F), r, all(1.6666665459e-1F));
  high = fma(high, r, all(5.0000001201e-1F));
  const V fraction = fma(fma(low, r2 * r, high), r2, r + 1.0F);
#if defined(__AVX512F__)
  return larger(x, V(fraction * power_of_two<float>(m)));
#else
  return larger(x, scale<float>(fraction, m));
#endif
}

// exp(r) = 1 + 2 p / (q - p), p odd and q even in r.
Vector<double> exp(Vector<double> x) {
  using V = Vector<double>;
  constexpr auto all = elastic::cpu::all<double>;
  constexpr auto fma = multiply_add<double>;
  const V clamped = clamp(x, 709.784);
  const V m = floor<double>(fma(all(1.4426950408889634073599), clamped, all(0.5)));
  const V r = fma(-m, all(1.42860682030941723212e-6), fma(-m, all(0.693145751953125), clamped));
  const V r2 = r * r;
  V p = fma(all(1.26177193074810590878e-4), r2, all(3.02994407707441961300e-2));
  p = fma(p, r2, all(9.99999999999999999910e-1)) * r;
  V q = fma(all(3.00198505138664455042e-6), r2, all(2.52448340349684104192e-3));
  q = fma(q, r2, all(2.27265548208155028766e-1));
  q = fma(q, r2, all(2.00000000000000000009e0));
  return larger(x, scale<double>(fma(all(2.0), p / (q - p), all(1.0)), m));
}

// Eigen 3.4's quotient of polynomials of degrees 13 and 6; x itself if it is small. Beyond the
// limit the quotient would exceed 1.
Vector<float> tanh(Vector<float> x) {
  using V = Vector<float>;
  constexpr auto all = elastic::cpu::all<float>;
  constexpr auto fma = multiply_add<float>;
  constexpr float kLimit = kFusedMultiplyAdd ? 7.99881172180175781F : 7.90531110763549805F;
  const V clamped = clamp(x, kLimit);
  const V x2 = clamped * clamped;
  V p = fma(x2, all(-2.76076847742355e-16F), all(2.00018790482477e-13F));
  p = fma(x2, p, all(-8.60467152213735e-11F));
  p = fma(x2, p, all(5.12229709037114e-08F));
  p = fma(x2, p, all(1.48572235717979e-05F));
  p = fma(x2, p, all(6.37261928875436e-04F));
  p = fma(x2, p, all(4.89352455891786e-03F)) * clamped;
  V q = fma(x2, all(1.19825839466702e-06F), all(1.18534705686654e-04F));
  q = fma(x2, q, all(2.26843463243900e-03F));
  q = fma(x2, q, all(4.89352518554385e-03F));
  const V magnitude = reinterpret_cast<V>(reinterpret_cast<Bits<float>>(x) & 0x7fffffffU);
  return magnitude < 0.0004F ? clamped : p / q;
}

Vector<double> tanh(Vector<double> x) {
  for (int i = 0; i < kLanes<double>; ++i) {
    x[i] = std::tanh(x[i]);
  }
  return x;
}

constexpr double kGeluCubic = 0.044715;
constexpr double kGeluScale = 0.7978845608028654;  // sqrt(2 / pi)

// tanh(u) of GELU.
template <class T>
Vector<T> gelu_tanh(Vector<T> x) {
  constexpr T kCubic = static_cast<T>(kGeluCubic);
  constexpr T kScale = static_cast<T>(kGeluScale);
  return tanh(kScale * x * multiply_add<T>(kCubic * x, x, all(T(1))));
}

}  // namespace

template <class T>
void exp_in_place(T* x, std::int64_t count) {
  for_vectors<T>(count, [x](std::int64_t i, auto lanes) {
    store_lanes<T>(x + i, lanes, exp(load_lanes(x + i, lanes)));
  });
}

template <class T>
void gelu(const T* x, std::int64_t count, T* y) {
  for_vectors<T>(count, [x, y](std::int64_t i, auto lanes) {
    const Vector<T> in = load_lanes(x + i, lanes);
    store_lanes<T>(y + i, lanes, in * T(0.5) * (T(1) + gelu_tanh<T>(in)));
  });
}

template <class T>
void gelu_with_gradient(const T* x, std::int64_t count, T* y, T* grad) {
  using V = Vector<T>;
  constexpr T kCubic = static_cast<T>(kGeluCubic);
  constexpr T kScale = static_cast<T>(kGeluScale);
  for_vectors<T>(count, [x, y, grad](std::int64_t i, auto lanes) {
    const V in = load_lanes(x + i, lanes);
    const V t = gelu_tanh<T>(in);
    const V slope = kScale * multiply_add<T>(T(3) * kCubic * in, in, all(T(1)));
    const V of_tanh = T(0.5) * in * multiply_add<T>(-t, t, all(T(1)));
    const V derivative = multiply_add<T>(of_tanh, slope, T(0.5) * (T(1) + t));
    store_lanes<T>(grad + i, lanes, load_lanes(grad + i, lanes) * derivative);
    store_lanes<T>(y + i, lanes, T(0.5) * in * (T(1) + t));
  });
}

#define ELASTIC_INSTANTIATE(T)                       \
  template void exp_in_place<T>(T*, std::int64_t);   \
  template void gelu<T>(const T*, std::int64_t, T*); \
  template void gelu_with_gradient<T>(const T*, std::int64_t, T*, T*);
ELASTIC_INSTANTIATE(float)
ELASTIC_INSTANTIATE(double)
#undef ELASTIC_INSTANTIATE

}  // namespace elastic::cpu
