// The options that `profile --sweep` varies, and the workloads with their values.
#pragma once

#include <string>
#include <vector>

#include "profile/workload.h"

namespace elastic::cli {

struct SweptOption {
  std::string key;  ///< of an option of the model, or threads or precision
  std::vector<std::string> values;
};

/// Parses texts such as "dim=32,64", "num-experts=4-64*2" and "threads=1,2". Throws UsageError that
/// names --sweep for an option that cannot be swept or is given twice, and a list without values.
std::vector<SweptOption> parse_swept_options(const std::vector<std::string>& texts);

/// The workload with each combination of the values; the last option varies fastest. Options that
/// its model does not read keep their value. Throws UsageError that names --sweep for a value that
/// its option does not take.
std::vector<profile::Workload> swept_workloads(const profile::Workload& workload,
                                               const std::vector<SweptOption>& options);

}  // namespace elastic::cli
