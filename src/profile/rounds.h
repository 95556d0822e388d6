// Measures many rows in rounds, so that a disturbance of the machine meets all rows alike.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include "profile/noise.h"
#include "profile/profiler.h"

namespace elastic::profile {

/// Called before each visit of a row: the number of visits so far, of all visits, and the row's
/// workload.
using OnVisit = std::function<void(std::size_t, std::size_t, const Workload&)>;

/// The rows of the workloads, in their order, without shares. The repetitions are divided into up
/// to five rounds over all rows; each visit makes the model and its inputs anew and warms up, so
/// that only one model is in memory at a time. `with_calls` as for `measure`.
std::vector<Row> measure_in_rounds(const std::vector<Workload>& workloads,
                                   bool with_calls,
                                   const OnVisit& on_visit);

/// The rates of the machine now in each setting of the workloads, in the order of their first use.
std::vector<Machine> measure_machines(const std::vector<Workload>& workloads);
/// Measures them once more, as `after`.
void measure_again(std::vector<Machine>& machines, Device device);

}  // namespace elastic::profile
