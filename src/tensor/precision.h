// The precision of matrix products.
#pragma once

#include <string>

namespace elastic {

/// How products of float32 matrices are computed: exactly, from factors rounded to 10 bits (TF32)
/// or to 7 bits (bfloat16). Sums are always float32.
enum class Precision { kFp32, kTf32, kBf16 };
/// "fp32", "tf32" or "bf16"; throws UsageError for anything else.
Precision parse_precision(const std::string& name);

}  // namespace elastic
