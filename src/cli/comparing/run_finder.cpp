#include "cli/comparing/run_finder.h"

#include <algorithm>
#include <filesystem>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_files.h"

namespace elastic::cli {
namespace {

namespace fs = std::filesystem;

bool is_run(const std::string& folder) {
  return is_present(file_of(folder, "config.json"));
}

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

void add_runs_in(const std::string& folder, std::vector<std::string>& runs) {
  std::vector<std::string> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder)) {
    if (is_run(entry.path().string())) {
      found.push_back(entry.path().string());
    }
  }
  std::sort(found.begin(), found.end());
  runs.insert(runs.end(), found.begin(), found.end());
}

// The runs in the folder of an argument, or the argument itself if it is a run; none for a file.
std::vector<std::string> runs_of(const std::string& argument) {
  std::vector<std::string> runs;
  if (is_run(argument)) {
    runs.push_back(argument);
  } else if (is_folder(argument)) {
    add_runs_in(argument, runs);
    const std::string inner = file_of(argument, "runs");
    if (is_folder(inner)) {
      add_runs_in(inner, runs);
    }
  }
  return runs;
}

// Why a run cannot be compared yet; "" if it can.
std::string lack_of(const std::string& run) {
  for (const char* file : {"model.safetensors", "result.json"}) {
    if (!is_present(file_of(run, file))) {
      return concat("its training is not finished (there is no ", file, ")");
    }
  }
  return "";
}

}  // namespace

std::vector<std::string> find_runs(const std::vector<std::string>& arguments, const Notes& notes) {
  std::vector<std::string> runs;
  std::set<std::string> known;
  for (const std::string& argument : arguments) {
    if (!is_present(argument)) {
      throw UsageError("RUN: there is no folder ", argument);
    }
    if (!is_folder(argument)) {
      notes(concat("left out: ", argument, " is a file, not a run"));
      continue;
    }
    const std::vector<std::string> found = runs_of(argument);
    if (found.empty()) {
      throw UsageError(
          "RUN: ", argument, " is no run, and there is none in it or in its folder runs");
    }
    for (const std::string& run : found) {
      const std::string lack = lack_of(run);
      if (!lack.empty()) {
        notes(concat("left out: ", run, ": ", lack));
      } else if (known.insert(fs::canonical(run).string()).second) {
        runs.push_back(run);
      }
    }
  }
  if (runs.empty()) {
    throw UsageError("RUN: there is no finished run to compare");
  }
  return runs;
}

std::string first_run(const std::vector<std::string>& arguments) {
  for (const std::string& argument : arguments) {
    const std::vector<std::string> runs = runs_of(argument);
    if (!runs.empty()) {
      return runs.front();
    }
  }
  return "";
}

}  // namespace elastic::cli
