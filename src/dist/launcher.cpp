#include "dist/launcher.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/error.h"

namespace elastic::dist {
namespace {

// The variables of a launcher.
struct LaunchVariables {
  const char* launcher;
  const char* module;
  const char* rank;
  const char* size;
  const char* local_size;
};

// Open MPI's mpirun also sets PMIX_*, srun also PMI_* or PMIX_*, so the order matters. Without a
// step of srun, SLURM_NTASKS is the size of an allocation in which one process may work.
constexpr LaunchVariables kLaunchers[] = {
    {"Open MPI",
     "openmpi",
     "OMPI_COMM_WORLD_RANK",
     "OMPI_COMM_WORLD_SIZE",
     "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"Slurm", "openmpi", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"},
    {"MPICH", "mpich", "PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"}};

// The number at the start of a variable, as in "4(x2)"; `missing` if it is not set.
int number_at(const Environment& variable, const char* name, int missing) {
  const char* text = variable(name);
  if (text == nullptr) {
    return missing;
  }
  int value = 0;
  const char* end = text + std::strlen(text);
  if (std::from_chars(text, end, value).ec != std::errc() || value < 0) {
    throw UsageError(name, ": expected a number of processes, got '", text, "'");
  }
  return value;
}

}  // namespace

Launch find_launch(const Environment& variable) {
  for (const LaunchVariables& names : kLaunchers) {
    if (variable(names.rank) == nullptr || variable(names.size) == nullptr) {
      continue;
    }
    Launch launch{names.launcher,
                  names.module,
                  number_at(variable, names.rank, 0),
                  number_at(variable, names.size, 1),
                  1};
    if (launch.size < 1 || launch.rank >= launch.size) {
      throw UsageError(names.rank,
                       ": expected a number below ",
                       names.size,
                       " ",
                       launch.size,
                       ", got ",
                       launch.rank);
    }
    launch.local_size = std::clamp(number_at(variable, names.local_size, 1), 1, launch.size);
    const bool with_pmi2 = variable("PMI_SIZE") != nullptr && variable("PMIX_RANK") == nullptr;
    if (launch.launcher == "Slurm" && with_pmi2) {
      launch.module = "mpich";
    }
    return launch;
  }
  return {};
}

const Launch& this_launch() {
  static const Launch launch = find_launch([](const char* name) { return std::getenv(name); });
  return launch;
}

int threads_for_each(const Launch& launch) {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  const int online = static_cast<int>(sysconf(_SC_NPROCESSORS_ONLN));
  const int usable =
      sched_getaffinity(0, sizeof(allowed), &allowed) == 0 ? CPU_COUNT(&allowed) : online;
  return usable < online ? usable : std::max(1, usable / launch.local_size);
}

}  // namespace elastic::dist
