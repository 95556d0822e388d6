// The launcher that started this process as one of several: mpirun, srun.
#pragma once

#include <functional>
#include <string>

namespace elastic::dist {

/// The place of this process among those that the launcher started, as its variables name it.
struct Launch {
  std::string launcher;  ///< "Open MPI", "MPICH", "Slurm"; empty: none
  std::string module;    ///< the MPI that the launcher serves: openmpi or mpich
  int rank = 0;
  int size = 1;
  int local_size = 1;  ///< processes on this machine

  [[nodiscard]] bool is_first() const { return rank == 0; }
};

/// The value of an environment variable, or null.
using Environment = std::function<const char*(const char*)>;

/// Reads OMPI_COMM_WORLD_* (Open MPI's mpirun), PMI_* (MPICH's) and SLURM_* (srun). Throws
/// UsageError if they contradict each other.
Launch find_launch(const Environment& variable);
/// The launch of this process, read once.
const Launch& this_launch();

/// CPU threads for each process of this machine that together use its cores, unless the launcher
/// has bound the process to some of them.
int threads_for_each(const Launch& launch);

}  // namespace elastic::dist
