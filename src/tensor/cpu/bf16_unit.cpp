#include "tensor/cpu/bf16_unit.h"

#if defined(__x86_64__) && defined(__linux__)
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

#include "base/error.h"

namespace elastic::cpu {
namespace {

Bf16Unit active_unit = Bf16Unit::kNone;

#if defined(__x86_64__) && defined(__linux__)
struct Features {
  unsigned int eax = 0;
  unsigned int edx = 0;
};

Features features_of_leaf_7(unsigned int subleaf) {
  Features features;
  unsigned int ebx = 0;
  unsigned int ecx = 0;
  __get_cpuid_count(7, subleaf, &features.eax, &ebx, &ecx, &features.edx);
  return features;
}

bool cpu_has_avx512_bf16() {
  constexpr unsigned int kAvx512Bf16 = 1U << 5;
  return (features_of_leaf_7(1).eax & kAvx512Bf16) != 0;
}

// The tiles' registers are large, so that Linux asks each process to request them.
bool linux_permits_tiles() {
  constexpr int kRequestPermission = 0x1023;  // ARCH_REQ_XCOMP_PERM
  constexpr int kTileData = 18;               // XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

bool cpu_has_amx_bf16() {
  constexpr unsigned int kAmxBf16 = 1U << 22;
  constexpr unsigned int kAmxTile = 1U << 24;
  const unsigned int needed = kAmxBf16 | kAmxTile;
  return (features_of_leaf_7(0).edx & needed) == needed && cpu_has_avx512_bf16();
}
#else
bool cpu_has_avx512_bf16() {
  return false;
}
bool cpu_has_amx_bf16() {
  return false;
}
bool linux_permits_tiles() {
  return false;
}
#endif

}  // namespace

Bf16Unit bf16_unit() {
  return active_unit;
}

void set_bf16_unit(Bf16Unit unit) {
  active_unit = unit;
}

bool has_bf16_unit(Bf16Unit unit) {
  switch (unit) {
    case Bf16Unit::kNone:
      return true;
    case Bf16Unit::kAvx512:
      return kBf16Kernels && cpu_has_avx512_bf16();
    case Bf16Unit::kAmx:
      return kBf16Kernels && cpu_has_amx_bf16() && linux_permits_tiles();
  }
  return false;
}

Bf16Unit best_bf16_unit() {
  for (const Bf16Unit unit : {Bf16Unit::kAmx, Bf16Unit::kAvx512}) {
    if (has_bf16_unit(unit)) {
      return unit;
    }
  }
  throw UsageError("--precision: on the CPU, bf16 needs AMX_BF16 or AVX512_BF16; ",
                   cpu_has_avx512_bf16() ? "the kernels in use are compiled without AVX-512"
                                         : "this CPU has neither");
}

}  // namespace elastic::cpu
