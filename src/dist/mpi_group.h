// The group of processes that an MPI launcher started.
#pragma once

#include <memory>
#include <string>

#include "dist/communicator.h"
#include "dist/launcher.h"

namespace elastic::dist {

/// Joins the processes of `launch`, with its module. Throws UsageError naming the package to
/// install if there is no module for this MPI, or if MPI sees another number of processes than the
/// launcher has started, which is how the module of a wrong MPI behaves. At most one group in a
/// process.
std::unique_ptr<Communicator> join_group(const Launch& launch, double timeout_s);

/// Leaves the group that this process has joined, if any. To be called by all ranks.
void leave_group();

/// Ends all processes of the group with this exit code, if this process has joined one and not
/// left.
void abort_group(int code);

}  // namespace elastic::dist
