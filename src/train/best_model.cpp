#include "train/best_model.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>

#include "base/atomic_file.h"
#include "base/error.h"

namespace elastic::train {
namespace {

namespace fs = std::filesystem;

bool exists(const std::string& path) {
  std::error_code error;
  return fs::exists(path, error);
}

bool holds_epoch(const std::string& path, std::int64_t epoch) {
  return exists(path) && read_safetensors(path).metadata_at("epoch") == std::to_string(epoch);
}

[[noreturn]] void fail(const char* action, const std::string& path, int error) {
  throw Error(concat(path, ": ", action, " failed: ", std::strerror(error)));
}

}  // namespace

BestModel::BestModel(const RunDirectory& run)
    : path_(run.model_path()), former_path_(run.file("checkpoints/former-best.safetensors")) {}

void BestModel::go_back_to(std::int64_t best_epoch) const {
  if (best_epoch == 0) {
    return;  // the first evaluation replaces any model
  }
  if (exists(former_path_) && !holds_epoch(path_, best_epoch) &&
      holds_epoch(former_path_, best_epoch)) {
    if (std::rename(former_path_.c_str(), path_.c_str()) != 0) {
      fail("rename", former_path_, errno);
    }
  }
  if (!exists(path_)) {
    throw CheckpointError(path_,
                          ": no such file, although the run's checkpoint refers to a best model");
  }
  settle();
}

void BestModel::replace(const Model& model,
                        const SavedModelInfo& info,
                        std::int64_t former_epoch) const {
  if (former_epoch > 0 && !exists(former_path_)) {
    std::error_code error;
    fs::create_hard_link(path_, former_path_, error);
    if (error) {  // the file system has no hard links
      std::ostringstream content;
      if (!(content << std::ifstream(path_, std::ios::binary).rdbuf())) {
        fail("read", path_, errno);
      }
      write_file_atomically(former_path_, content.str());
    }
  }
  save_model(path_, model, info);
}

void BestModel::settle() const {
  std::error_code ignored;  // a leftover file does no harm
  fs::remove(former_path_, ignored);
}

}  // namespace elastic::train
