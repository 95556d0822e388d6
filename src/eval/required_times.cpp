#include "eval/required_times.h"

#include "base/error.h"

namespace elastic::eval {

void require_times(const ModelConfig& config, const data::Dataset& dataset) {
  if (reads_times(config) && !dataset.has_times()) {
    throw UsageError("--time-features ",
                     choice_name(config.time_features),
                     ": the log has no times; name their column with --time-column, or use "
                     "--time-features none");
  }
}

}  // namespace elastic::eval
