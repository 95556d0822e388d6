#include "tensor/cpu_level.h"

#include <cstdlib>
#include <string_view>

#include "base/error.h"

#ifdef ELASTIC_CPU_LEVELS
// The initialisers of static objects of each level's files, which enter the kernels in their
// tables. The linker defines the bounds of a section with such a name.
using Initialiser = void (*)();
extern "C" const Initialiser __start_elastic_cpu_v2[];
extern "C" const Initialiser __stop_elastic_cpu_v2[];
extern "C" const Initialiser __start_elastic_cpu_v3[];
extern "C" const Initialiser __stop_elastic_cpu_v3[];
extern "C" const Initialiser __start_elastic_cpu_v4[];
extern "C" const Initialiser __stop_elastic_cpu_v4[];
#endif

namespace elastic {
namespace {

std::string_view asked_level() {
  const char* asked = std::getenv("ELASTIC_ISA");
  return asked == nullptr ? std::string_view() : std::string_view(asked);
}

#ifdef ELASTIC_CPU_LEVELS
struct Level {
  std::string_view name;
  bool supported;
  const Initialiser* begin;
  const Initialiser* end;
};

const Level& chosen_level() {
  static const Level levels[] = {
      {"x86-64-v4",
       __builtin_cpu_supports("x86-64-v4") != 0,
       __start_elastic_cpu_v4,
       __stop_elastic_cpu_v4},
      {"x86-64-v3",
       __builtin_cpu_supports("x86-64-v3") != 0,
       __start_elastic_cpu_v3,
       __stop_elastic_cpu_v3},
      {"x86-64-v2", true, __start_elastic_cpu_v2, __stop_elastic_cpu_v2}};
  const std::string_view asked = asked_level();
  for (const Level& level : levels) {
    if (asked.empty() ? level.supported : level.name == asked) {
      if (!level.supported) {
        throw UsageError("ELASTIC_ISA: this CPU does not support ", asked);
      }
      return level;
    }
  }
  throw UsageError("ELASTIC_ISA: expected x86-64-v2, x86-64-v3 or x86-64-v4, got '", asked, "'");
}
#endif

}  // namespace

#ifdef ELASTIC_CPU_LEVELS
void enter_cpu_kernels() {
  [[maybe_unused]] static const bool entered = [] {
    const Level& level = chosen_level();
    for (const Initialiser* next = level.begin; next != level.end; ++next) {
      (*next)();
    }
    return true;
  }();
}

std::string cpu_level_name() {
  return std::string(chosen_level().name);
}
#else
// The kernels entered themselves before main().
void enter_cpu_kernels() {
  if (!asked_level().empty()) {
    throw UsageError("ELASTIC_ISA: this binary was built for one machine, with ELASTIC_NATIVE=ON");
  }
}

std::string cpu_level_name() {
  return "native";
}
#endif

}  // namespace elastic
