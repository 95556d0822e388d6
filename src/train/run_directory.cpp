#include "train/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/retry.h"
#include "data/json_document.h"

namespace elastic::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = ".lock";
constexpr const char* kCheckpoints = "checkpoints";

bool is_leftover(const fs::directory_entry& entry) {
  return is_atomic_leftover(entry.path().filename().string());
}

// True if the folder contains more than the leftovers of a process killed before it wrote
// config.json.
bool holds_files(const std::string& path) {
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    const fs::path name = entry.path().filename();
    const bool is_empty_folder =
        name == kCheckpoints && entry.is_directory() && fs::is_empty(entry.path());
    if (name != kLockName && !is_empty_folder && !is_leftover(entry)) {
      return true;
    }
  }
  return false;
}

// Failures that another --out avoids are usage errors; a full or broken disk is not.
[[noreturn]] void refuse(const std::string& message, int error) {
  const bool is_usage = error != ENOSPC && error != EDQUOT && error != EIO && error != ENOMEM;
  const std::string reason = std::generic_category().message(error);
  if (is_usage) {
    throw UsageError(message, reason);
  }
  throw Error(message + reason);
}

void create_folder(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error)) {
    throw UsageError("--out ", path, ": expected a folder, this is a file");
  }
  fs::create_directories(path, error);
  if (error) {
    refuse(concat("--out ", path, ": the folder cannot be created: "), error.value());
  }
}

}  // namespace

RunDirectory RunDirectory::create(const std::string& path) {
  create_folder(path);
  RunDirectory run(path);
  run.lock();
  if (holds_files(path)) {
    const bool is_run = fs::exists(run.file("config.json"));
    throw UsageError("--out ",
                     path,
                     is_run ? ": this folder already holds a run; continue it with --resume, or "
                              "choose another --out"
                            : ": the folder is not empty; choose another --out");
  }
  run.remove_leftovers();
  create_folder(run.file(kCheckpoints));
  return run;
}

RunDirectory RunDirectory::resume(const std::string& path) {
  std::error_code error;
  if (!fs::exists(fs::path(path) / "config.json", error)) {
    throw UsageError("--resume: there is no run in ", path, "; leave out --resume to start one");
  }
  RunDirectory run(path);
  run.lock();
  create_folder(run.file(kCheckpoints));
  run.remove_leftovers();
  return run;
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_descriptor_(std::exchange(other.lock_descriptor_, -1)) {}

RunDirectory::~RunDirectory() {
  if (lock_descriptor_ >= 0) {
    ::close(lock_descriptor_);  // releases the lock too
  }
}

void RunDirectory::lock() {
  lock_descriptor_ = retry_interrupted(
      [&] { return ::open(file(kLockName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666); });
  if (lock_descriptor_ < 0) {
    refuse(concat(path_, ": the folder cannot be written: "), errno);
  }
  if (retry_interrupted([&] { return ::flock(lock_descriptor_, LOCK_EX | LOCK_NB); }) != 0) {
    if (errno == EWOULDBLOCK) {
      throw UsageError(path_, ": in use by another process");
    }
    refuse(concat(path_, ": the folder cannot be locked: "), errno);
  }
}

// Removes temporary files of killed processes. While the lock is held, no other process writes
// here.
void RunDirectory::remove_leftovers() const {
  for (const std::string& folder : {path_, file(kCheckpoints)}) {
    std::error_code no_folder;
    std::vector<fs::path> leftovers;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, no_folder)) {
      if (is_leftover(entry)) {
        leftovers.push_back(entry.path());
      }
    }
    for (const fs::path& path : leftovers) {
      std::error_code error;
      fs::remove(path, error);
    }
  }
}

bool RunDirectory::has_checkpoint() const {
  std::error_code error;
  return fs::exists(checkpoint_path(), error);
}

void RunDirectory::write_json(const std::string& name, const nlohmann::ordered_json& value) const {
  write_file_atomically(file(name), data::json_text(value, 2) + "\n");
}

nlohmann::ordered_json read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw CheckpointError(path, ": no such file, or not readable");
  }
  const std::string text{std::istreambuf_iterator<char>(file), {}};
  nlohmann::ordered_json value = data::parse_json(text);
  if (value.is_discarded()) {
    throw CheckpointError(path, ": expected JSON");
  }
  return value;
}

}  // namespace elastic::train
