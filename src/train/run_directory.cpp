#include "train/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"

namespace elastic::train {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLockName = ".lock";
// Paths and raw ids need not be UTF-8, JSON must.
constexpr auto kReplace = nlohmann::ordered_json::error_handler_t::replace;

bool holds_files(const std::string& path) {
  for (const fs::directory_entry& entry : fs::directory_iterator(path)) {
    if (entry.path().filename() != kLockName) {
      return true;
    }
  }
  return false;
}

void create_folder(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error)) {
    throw UsageError("--out ", path, ": expected a folder, this is a file");
  }
  fs::create_directories(path, error);
  if (error) {
    throw UsageError("--out ", path, ": the folder cannot be created: ", error.message());
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
                     is_run
                         ? ": there is a run in this folder already; go on with it by --resume, or "
                           "choose another --out"
                         : ": the folder is not empty; choose another --out");
  }
  create_folder(run.file("checkpoints"));
  return run;
}

RunDirectory RunDirectory::resume(const std::string& path) {
  std::error_code error;
  if (!fs::exists(fs::path(path) / "config.json", error)) {
    throw UsageError("--resume: there is no run in ", path, "; leave out --resume to start one");
  }
  RunDirectory run(path);
  run.lock();
  create_folder(run.file("checkpoints"));
  run.remove_leftovers();
  return run;
}

RunDirectory::RunDirectory(RunDirectory&& other) noexcept
    : path_(std::move(other.path_)), lock_descriptor_(std::exchange(other.lock_descriptor_, -1)) {}

RunDirectory::~RunDirectory() {
  if (lock_descriptor_ >= 0) {
    ::close(lock_descriptor_);  // and with it the lock
  }
}

void RunDirectory::lock() {
  lock_descriptor_ = ::open(file(kLockName).c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock_descriptor_ < 0) {
    throw UsageError(path_, ": the folder cannot be written: ", std::strerror(errno));
  }
  if (::flock(lock_descriptor_, LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      throw UsageError(path_, ": in use by another process");
    }
    throw UsageError(path_, ": the folder cannot be locked: ", std::strerror(errno));
  }
}

// What a killed process was writing; nobody else can be while the lock is ours.
void RunDirectory::remove_leftovers() const {
  for (const std::string& folder : {path_, file("checkpoints")}) {
    std::vector<fs::path> leftovers;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
      if (entry.path().extension() == ".tmp") {
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
  write_file_atomically(file(name), value.dump(2, ' ', false, kReplace) + "\n");
}

nlohmann::ordered_json read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    throw CheckpointError(path, ": no such file, or not readable");
  }
  nlohmann::ordered_json value = nlohmann::ordered_json::parse(file, nullptr, false);
  if (value.is_discarded()) {
    throw CheckpointError(path, ": expected JSON");
  }
  return value;
}

}  // namespace elastic::train
