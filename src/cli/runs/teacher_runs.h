// The runs of --teacher: their models, checked against the run that learns from them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/split.h"
#include "model/model.h"

namespace elastic::cli {

/// RUN1,RUN2,.. with absolute paths, so that the run can be resumed from any folder.
std::string absolute_runs(const std::string& runs);

struct TeacherRuns {
  std::vector<std::unique_ptr<Model>> models;
  std::string identity;  ///< train::identity_of_teacher
};

/// The models of RUN1,RUN2,.. Throws CheckpointError for an unusable run. Throws UsageError if one
/// is named twice, has other items, or was trained on other data or another split than `split`: it
/// may have seen the held-out events.
TeacherRuns load_teacher(const std::string& runs, const data::Split& split, Device device);

}  // namespace elastic::cli
