#include "cli/sweeping/sweep_folder.h"

#include <fcntl.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <vector>

#include "base/atomic_file.h"
#include "base/error.h"
#include "base/input_file.h"
#include "base/retry.h"
#include "data/json_document.h"
#include "train/run_directory.h"
#include "train/run_folder.h"

namespace elastic::cli {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr const char* kPlan = "sweep.json";
constexpr const char* kSpent = "spent.json";
constexpr const char* kLock = ".lock";
constexpr const char* kTrialsLock = ".trials";

// Refuses a folder with files that no sweep has made.
void check_free(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error) || is_present(path + "/" + kPlan)) {
    return;
  }
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    const std::string name = entry.path().filename().string();
    const bool is_trace = name == kLock || name == kTrialsLock || is_atomic_leftover(name) ||
                          ((name == "runs" || name == "logs" || name == "configs") &&
                           fs::is_empty(entry.path(), error));
    if (!is_trace) {
      throw UsageError("--out ", path, ": the folder is not empty; choose another --out");
    }
  }
}

void open_lock(Descriptor& descriptor, const std::string& path) {
  descriptor.reset(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (descriptor.get() < 0) {
    train::refuse_folder(concat("--out: ", path, " cannot be written: "), errno);
  }
}

}  // namespace

SweepFolder::SweepFolder(const std::string& path) : path_(path) {
  check_free(path);
  made_ = train::make_folder(path);
  open_lock(lock_, file(kLock));
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    throw UsageError("--out ", path, ": in use by another sweep");
  }
  open_lock(trials_lock_, file(kTrialsLock));
  for (const char* name : {"runs", "logs", "configs"}) {
    train::make_folder(file(name));
  }
}

SweepFolder::~SweepFolder() {
  if (is_present(file(kPlan))) {
    return;
  }
  std::error_code ignored;  // what remains does not hinder the next call
  for (const char* name : {"runs", "logs", "configs", kTrialsLock, kLock}) {
    fs::remove(file(name), ignored);
  }
  for (auto folder = made_.rbegin(); folder != made_.rend(); ++folder) {
    fs::remove(*folder, ignored);
  }
}

bool SweepFolder::lock_trials(bool wait) {
  return retry_interrupted(
             [&] { return ::flock(trials_lock_.get(), wait ? LOCK_EX : LOCK_EX | LOCK_NB); }) == 0;
}

std::optional<ordered_json> SweepFolder::read_plan() const {
  return is_present(file(kPlan)) ? std::optional(train::read_json_object(file(kPlan)))
                                 : std::nullopt;
}

void SweepFolder::write_plan(const ordered_json& plan) const {
  write_file_atomically(file(kPlan), data::json_text(plan, 2) + "\n");
}

double SweepFolder::spent_s() const {
  if (!is_present(file(kSpent))) {
    return 0.0;
  }
  const ordered_json spent = train::read_json_object(file(kSpent));
  return spent.contains("seconds") && spent["seconds"].is_number() ? spent["seconds"].get<double>()
                                                                   : 0.0;
}

void SweepFolder::save_spent(double seconds) const {
  write_file_atomically(file(kSpent), data::json_text(ordered_json{{"seconds", seconds}}) + "\n");
}

std::string SweepFolder::failure(const std::string& trial) const {
  const std::string path = file("logs/" + trial + ".failed");
  if (!is_present(path)) {
    return "";
  }
  std::string reason = read_whole_file(path);
  while (!reason.empty() && reason.back() == '\n') {
    reason.pop_back();
  }
  return reason;
}

void SweepFolder::set_failure(const std::string& trial, const std::string& reason) const {
  const std::string path = file("logs/" + trial + ".failed");
  if (!reason.empty()) {
    write_file_atomically(path, reason + "\n");
    return;
  }
  std::error_code ignored;  // there is none
  fs::remove(path, ignored);
}

}  // namespace elastic::cli
