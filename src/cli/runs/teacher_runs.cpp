#include "cli/runs/teacher_runs.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/error.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_list.h"
#include "cli/runs/run_model.h"
#include "train/items_file.h"
#include "train/teacher.h"

namespace elastic::cli {
namespace {

void check_teacher_items(const std::string& run,
                         const train::SavedModelInfo& info,
                         const data::Dataset& dataset) {
  const std::vector<train::ItemName> names =
      train::read_items(file_of(run, train::kItemsFile), info.identity.items_hash);
  bool same = static_cast<std::int64_t>(names.size()) == dataset.num_items();
  for (std::size_t i = 0; same && i < names.size(); ++i) {
    same = names[i].raw_id == dataset.item_id(static_cast<std::int32_t>(i) + 1);
  }
  if (!same) {
    throw UsageError("--teacher: ", run, " has other items than this run");
  }
}

}  // namespace

std::string absolute_runs(const std::string& runs) {
  std::string result;
  for (const std::string& run : split_runs(runs)) {
    result += (result.empty() ? "" : ",") +
              (run.empty() ? run : std::filesystem::absolute(run).lexically_normal().string());
  }
  return result;
}

TeacherRuns load_teacher(const std::string& runs, const data::Split& split, Device device) {
  const std::vector<std::string> names = split_runs(runs);
  TeacherRuns teacher;
  for (const std::string& run : names) {
    std::error_code error;
    if (!std::filesystem::is_directory(run, error)) {
      throw UsageError("--teacher: expected run directories RUN1,RUN2,.., got '", run, "'");
    }
    if (std::count(names.begin(), names.end(), run) > 1) {
      throw UsageError("--teacher: ", run, " is named twice");
    }
    train::SavedModel saved = load_run_model(run, device);
    check_teacher_items(run, saved.info, split.dataset());
    if (saved.info.data_hash != split.hash()) {
      throw UsageError("--teacher: ",
                       run,
                       " was trained on other data or another split (hash ",
                       saved.info.data_hash,
                       ", here ",
                       split.hash(),
                       "), so it may have seen the events that this run holds out");
    }
    teacher.models.push_back(std::move(saved.model));
  }
  teacher.identity = train::identity_of_teacher(names, teacher.models);
  return teacher;
}

}  // namespace elastic::cli
