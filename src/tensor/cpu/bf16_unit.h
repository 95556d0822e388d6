// The unit of an x86 CPU that multiplies bfloat16 numbers, and the choice of one.
#pragma once

namespace elastic::cpu {

/// kNone: products of float are computed in float32.
enum class Bf16Unit { kNone, kAvx512, kAmx };

/// Defined, and kBf16Kernels true, if these kernels can use a unit: their vectors are AVX-512's,
/// and the compiler knows the instructions.
#if defined(__x86_64__) && defined(__linux__) && defined(__AVX512F__) && defined(__AVX512BW__) && \
    defined(__AVX512DQ__) && defined(__AVX512VL__)
#define ELASTIC_BF16_KERNELS
inline constexpr bool kBf16Kernels = true;
#else
inline constexpr bool kBf16Kernels = false;
#endif

/// The unit that `pack`, `gemm` and `gemm_unpacked` use for float (tensor/cpu/gemm.h).
Bf16Unit bf16_unit();
/// Changes it; no kernel may be running.
void set_bf16_unit(Bf16Unit unit);

/// Whether the kernels, the CPU and, for AMX, the operating system allow the unit.
bool has_bf16_unit(Bf16Unit unit);
/// AMX if it is there, AVX512_BF16 otherwise. Throws UsageError, with the reason, if neither is.
Bf16Unit best_bf16_unit();

}  // namespace elastic::cpu
