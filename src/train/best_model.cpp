#include "train/best_model.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/input_file.h"

namespace elastic::train {
namespace {

namespace fs = std::filesystem;

bool holds(const std::string& path, std::int64_t epoch, double metric) {
  if (!is_present(path)) {
    return false;
  }
  const SavedModelInfo info = read_model_info(path);
  return info.epoch == epoch && info.metric_value == metric;
}

[[noreturn]] void fail(const char* action, const std::string& path, int error) {
  throw Error(concat(path, ": ", action, " failed: ", std::strerror(error)));
}

}  // namespace

BestModel::BestModel(const RunDirectory& run, std::string run_hash)
    : path_(run.model_path()),
      former_path_(run.file("checkpoints/former-best.safetensors")),
      run_hash_(std::move(run_hash)) {}

void BestModel::go_back_to(std::int64_t best_epoch, double metric) const {
  if (best_epoch == 0) {
    return;  // the first evaluation replaces any model
  }
  if (!holds(path_, best_epoch, metric) && holds(former_path_, best_epoch, metric)) {
    if (std::rename(former_path_.c_str(), path_.c_str()) != 0) {
      fail("rename", former_path_, errno);
    }
  }
  if (!is_present(path_)) {
    throw CheckpointError(path_,
                          ": no such file, although the run's checkpoint refers to a best model");
  }
  check_safetensors(path_);  // refuses a damaged file now, not after the training
  const SavedModelInfo info = read_model_info(path_);
  check_same_run(path_, info.identity.run, run_hash_);
  if (info.epoch != best_epoch || info.metric_value != metric) {
    throw CheckpointError(path_,
                          ": holds epoch ",
                          info.epoch,
                          " with ",
                          info.metric,
                          " ",
                          info.metric_value,
                          ", the run's checkpoint refers to epoch ",
                          best_epoch,
                          " with ",
                          metric);
  }
  settle();
}

void BestModel::replace(const Model& model,
                        const SavedModelInfo& info,
                        std::int64_t former_epoch) const {
  if (former_epoch > 0 && !is_present(former_path_)) {
    std::error_code error;
    fs::create_hard_link(path_, former_path_, error);
    if (error) {  // the file system has no hard links
      write_file_atomically(former_path_, read_whole_file(path_));
    }
  }
  save_model(path_, model, info);
}

void BestModel::settle() const {
  std::error_code ignored;  // a leftover file does no harm
  fs::remove(former_path_, ignored);
}

}  // namespace elastic::train
