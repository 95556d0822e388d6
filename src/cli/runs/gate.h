// `eval --fail-below` and `--fail-worse`: the results that a script refuses.
#pragma once

#include <string>
#include <vector>

#include "eval/report.h"

namespace elastic::cli {

class Gates {
 public:
  /// `below` as in "NDCG@10=0.1,HR@10=0.2", least values of metrics, sampled ones by `candidates`
  /// included; `worse` as in "NDCG@10,HR@10", metrics to compare; "": none. Throws UsageError for
  /// a metric that is not in a report at `cutoffs`, with the nearest one, or a value that is not a
  /// number.
  Gates(const std::string& below,
        const std::string& worse,
        const std::vector<std::string>& candidates,
        const eval::Cutoffs& cutoffs);

  /// Throws GateError that lists every metric below its least value, and every metric to compare
  /// whose difference from another run has an interval below 0.
  void check(const eval::Report& report) const;

 private:
  struct Least {
    std::string metric;
    double value = 0.0;
  };
  std::vector<Least> least_;
  std::vector<std::string> compared_;
};

}  // namespace elastic::cli
