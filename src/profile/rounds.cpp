#include "profile/rounds.h"

#include <algorithm>
#include <utility>

namespace elastic::profile {
namespace {

constexpr int kMostRounds = 5;

// The repetitions of a workload in round number `round`; 0 in rounds that it does not need.
int repetitions_in(const Workload& workload, int round) {
  const int rounds = std::min(workload.repetitions, kMostRounds);
  if (round >= rounds) {
    return 0;
  }
  return workload.repetitions / rounds + (round < workload.repetitions % rounds ? 1 : 0);
}

}  // namespace

std::vector<Row> measure_in_rounds(const std::vector<Workload>& workloads,
                                   bool with_calls,
                                   const OnVisit& on_visit) {
  std::vector<Row> rows;
  std::size_t visits = 0;
  for (const Workload& workload : workloads) {
    rows.push_back(start_row(workload));
    visits += static_cast<std::size_t>(std::min(workload.repetitions, kMostRounds));
  }
  std::size_t visit = 0;
  for (int round = 0; round < kMostRounds; ++round) {
    for (Row& row : rows) {
      const int repetitions = repetitions_in(row.workload, round);
      if (repetitions > 0) {
        on_visit(visit, visits, row.workload);
        visit_row(row, repetitions, with_calls);
        ++visit;
      }
    }
  }
  return rows;
}

std::vector<Machine> measure_machines(const std::vector<Workload>& workloads) {
  std::vector<Machine> machines;
  for (const Workload& workload : workloads) {
    const bool known = std::any_of(machines.begin(), machines.end(), [&](const Machine& one) {
      return one.setting == workload.setting;
    });
    if (!known) {
      apply(workload.setting, workload.device);
      machines.push_back({measure_machine(workload.device), std::nullopt, workload.setting});
    }
  }
  return machines;
}

void measure_again(std::vector<Machine>& machines, Device device) {
  for (Machine& machine : machines) {
    apply(machine.setting, device);
    machine.after = measure_machine(device);
  }
}

}  // namespace elastic::profile
