#include "dist/launcher.h"

#include <doctest/doctest.h>

#include <map>

#include "base/error.h"

namespace elastic::dist::launcher_test {
namespace {

using Variables = std::map<std::string, std::string>;

Launch launch_of(const Variables& variables) {
  return find_launch([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST_CASE("launcher: without its variables a process is alone") {
  const Launch launch = launch_of({{"SLURM_NTASKS", "4"}, {"SLURM_PROCID", "0"}});  // no srun
  CHECK(launch.size == 1);
  CHECK(launch.is_first());
}

TEST_CASE("launcher: each launcher is known by its variables") {
  const Launch open = launch_of({{"OMPI_COMM_WORLD_RANK", "3"},
                                 {"OMPI_COMM_WORLD_SIZE", "8"},
                                 {"OMPI_COMM_WORLD_LOCAL_SIZE", "4"},
                                 {"PMIX_RANK", "3"}});
  CHECK(open.launcher == "Open MPI");
  CHECK(open.module == "openmpi");
  CHECK(open.rank == 3);
  CHECK(open.size == 8);
  CHECK(open.local_size == 4);
  const Launch mpich = launch_of({{"PMI_RANK", "1"}, {"PMI_SIZE", "2"}, {"MPI_LOCALNRANKS", "2"}});
  CHECK(mpich.launcher == "MPICH");
  CHECK(mpich.module == "mpich");
  CHECK(mpich.rank == 1);
  CHECK(mpich.local_size == 2);
  const Variables step{{"SLURM_PROCID", "5"},
                       {"SLURM_STEP_NUM_TASKS", "16"},
                       {"SLURM_STEP_TASKS_PER_NODE", "8(x2)"}};
  Variables pmix = step;
  pmix["PMIX_RANK"] = "5";
  CHECK(launch_of(pmix).launcher == "Slurm");
  CHECK(launch_of(pmix).module == "openmpi");
  CHECK(launch_of(pmix).local_size == 8);
  Variables pmi2 = step;
  pmi2["PMI_RANK"] = "5";
  pmi2["PMI_SIZE"] = "16";
  CHECK(launch_of(pmi2).launcher == "Slurm");
  CHECK(launch_of(pmi2).module == "mpich");
}

TEST_CASE("launcher: variables that cannot be true are refused") {
  CHECK_THROWS_AS(launch_of({{"PMI_RANK", "2"}, {"PMI_SIZE", "2"}}), UsageError);
  CHECK_THROWS_AS(launch_of({{"PMI_RANK", "x"}, {"PMI_SIZE", "2"}}), UsageError);
  CHECK_THROWS_AS(launch_of({{"PMI_RANK", "0"}, {"PMI_SIZE", "0"}}), UsageError);
}

TEST_CASE("launcher: processes of one machine share its cores") {
  Launch launch;
  const int alone = threads_for_each(launch);
  CHECK(alone >= 1);
  launch.local_size = 2 * alone;
  CHECK(threads_for_each(launch) <= alone);
  CHECK(threads_for_each(launch) >= 1);
}

}  // namespace
}  // namespace elastic::dist::launcher_test
