#include "train/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/input_file.h"
#include "base/retry.h"
#include "data/json_document.h"
#include "train/run_folder.h"

namespace elastic::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = ".lock";
constexpr const char* kCheckpoints = "checkpoints";

bool is_leftover(const fs::directory_entry& entry) {
  return is_atomic_leftover(entry.path().filename().string());
}

void check_free(const std::string& path) {
  const FolderContent content = content_of(path);
  if (content == FolderContent::kRun) {
    throw UsageError("--out ",
                     path,
                     ": this folder already holds a run; continue it with --resume, or choose "
                     "another --out");
  }
  if (content == FolderContent::kOther) {
    throw UsageError("--out ", path, ": the folder is not empty; choose another --out");
  }
}

}  // namespace

RunDirectory RunDirectory::create(const std::string& path) {
  RunDirectory run(path);
  check_free(path);  // before anything is written there
  run.made_ = make_folder(path);
  run.lock();
  run.is_new_ = true;
  check_free(path);  // another process may have been faster
  remove_failed_start(path);
  make_folder(run.file(kCheckpoints));
  return run;
}

RunDirectory RunDirectory::resume(const std::string& path) {
  if (!is_present(path + "/config.json")) {
    throw UsageError("--resume: there is no run in ", path, "; leave out --resume to start one");
  }
  RunDirectory run(path);
  run.lock();
  make_folder(run.file(kCheckpoints));
  run.remove_leftovers();
  return run;
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : path_(std::move(other.path_)),
      made_(std::move(other.made_)),
      is_new_(std::exchange(other.is_new_, false)),
      lock_descriptor_(std::exchange(other.lock_descriptor_, -1)) {}

RunDirectory::~RunDirectory() {
  if (lock_descriptor_ < 0) {
    return;
  }
  if (is_new_ && !is_present(file("config.json"))) {
    remove_traces();
  }
  ::close(lock_descriptor_);  // releases the lock too
}

// Removes what `create` made. Best effort: what remains does not hinder the next start.
void RunDirectory::remove_traces() const {
  std::error_code error;
  try {
    if (content_of(path_) == FolderContent::kNothing ||
        content_of(path_) == FolderContent::kFailedStart) {
      remove_failed_start(path_);
      fs::remove(file(kLockName), error);
    }
  } catch (const std::exception&) {
    return;
  }
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) {
    fs::remove(*folder, error);  // unless other files have come into it
  }
}

void RunDirectory::lock() {
  const std::string path = file(kLockName);
  lock_descriptor_ = retry_interrupted(
      [&] { return ::open(path.c_str(), O_RDWR | O_CREAT | O_NONBLOCK | O_CLOEXEC, 0666); });
  if (lock_descriptor_ < 0) {
    refuse_folder(concat(path_, ": the folder cannot be written: "), errno);
  }
  struct stat locked {};
  struct stat named {};
  const bool busy =
      retry_interrupted([&] { return ::flock(lock_descriptor_, LOCK_EX | LOCK_NB); }) != 0;
  if (busy && errno != EWOULDBLOCK) {
    refuse_folder(concat(path_, ": the folder cannot be locked: "), errno);
  }
  // A process that ended in between may have removed the file.
  if (busy || ::fstat(lock_descriptor_, &locked) != 0 || ::stat(path.c_str(), &named) != 0 ||
      locked.st_ino != named.st_ino) {
    throw UsageError(path_, ": in use by another process");
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
  return is_present(checkpoint_path());
}

void RunDirectory::write_json(const std::string& name, const nlohmann::ordered_json& value) const {
  write_file_atomically(file(name), data::json_text(value, 2) + "\n");
}

nlohmann::ordered_json read_json(const std::string& path) {
  nlohmann::ordered_json value = data::parse_json(read_whole_file(path));
  if (value.is_discarded()) {
    throw CheckpointError(path, ": expected JSON");
  }
  return value;
}

nlohmann::ordered_json read_json_object(const std::string& path) {
  nlohmann::ordered_json value = read_json(path);
  if (!value.is_object()) {
    throw CheckpointError(path, ": expected a JSON object {\"key\": value, ...}");
  }
  return value;
}

}  // namespace elastic::train
