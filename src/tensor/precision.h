// The precision of matrix products.
#pragma once

#include "base/choice.h"

namespace elastic {

/// How products of float32 matrices are computed: exactly, from factors rounded to 10 bits (TF32)
/// or to 7 bits (bfloat16). Sums are always float32.
enum class Precision { kFp32, kTf32, kBf16 };
constexpr auto choices_of(Precision) {
  using enum Precision;
  return std::to_array<Choice<Precision>>({{kFp32, "fp32"}, {kTf32, "tf32"}, {kBf16, "bf16"}});
}

}  // namespace elastic
