#include "train/run_folder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "base/atomic_file.h"
#include "base/error.h"

namespace elastic::train {
namespace {

namespace fs = std::filesystem;

enum class Kind { kTrace, kStart, kValuable };

bool is_plain_folder(const fs::directory_entry& entry) {
  std::error_code error;
  return entry.symlink_status(error).type() == fs::file_type::directory;
}

template <class Predicate>
bool all_names(const fs::path& folder, Predicate&& fits) {
  const fs::directory_iterator entries(folder);
  return std::all_of(begin(entries), end(entries), [&](const fs::directory_entry& entry) {
    return fits(entry.path().filename().string());
  });
}

Kind kind_of_content(FolderContent content) {
  switch (content) {
    case FolderContent::kNothing:
      return Kind::kTrace;
    case FolderContent::kFailedStart:
      return Kind::kStart;
    default:
      return Kind::kValuable;
  }
}

// kTrace: written before the first file of a run. kStart: written before the first checkpoint.
Kind kind_of(const fs::directory_entry& entry) {
  constexpr std::array<std::string_view, 5> kStartFiles{
      "config.json", "sources.json", "data.json", "items.tsv", "metrics.jsonl"};
  const std::string name = entry.path().filename().string();
  if (name == ".lock" || is_atomic_leftover(name)) {
    return Kind::kTrace;
  }
  if (is_plain_folder(entry)) {
    if (name == "checkpoints" && all_names(entry.path(), is_atomic_leftover)) {
      return Kind::kTrace;
    }
    if (name == kSearchFolder) {
      return kind_of_content(content_of(entry.path().string()));
    }
    const auto is_event_file = [](const std::string& file) {
      return file.starts_with("events.out.tfevents.");
    };
    return name == "tensorboard" && all_names(entry.path(), is_event_file) ? Kind::kStart
                                                                           : Kind::kValuable;
  }
  return std::find(kStartFiles.begin(), kStartFiles.end(), name) != kStartFiles.end()
             ? Kind::kStart
             : Kind::kValuable;
}

}  // namespace

FolderContent content_of(const std::string& path) {
  std::error_code error;
  if (!fs::is_directory(path, error)) {
    return FolderContent::kNothing;
  }
  bool started = false;
  bool valuable = false;
  const fs::directory_iterator entries(path, error);
  if (error) {
    refuse_folder(concat("--out ", path, ": the folder cannot be read: "), error.value());
  }
  for (const fs::directory_entry& entry : entries) {
    const Kind kind = kind_of(entry);
    started = started || kind == Kind::kStart;
    valuable = valuable || kind == Kind::kValuable;
  }
  const fs::path folder(path);
  if (valuable || (started && !fs::exists(folder / ".lock", error))) {
    return fs::exists(folder / "config.json", error) ? FolderContent::kRun : FolderContent::kOther;
  }
  return started ? FolderContent::kFailedStart : FolderContent::kNothing;
}

void remove_failed_start(const std::string& path) {
  std::error_code error;
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path, error)) {
    if (entry.path().filename() != ".lock" && kind_of(entry) != Kind::kValuable) {
      files.push_back(entry.path());
    }
  }
  for (const fs::path& file : files) {
    fs::remove_all(file, error);
    if (error) {
      refuse_folder(concat("--out ", path, ": ", file.string(), " cannot be removed: "),
                    error.value());
    }
  }
}

std::vector<std::string> make_folder(const std::string& path) {
  std::error_code error;
  if (fs::exists(path, error) && !fs::is_directory(path, error)) {
    throw UsageError("--out ", path, ": expected a folder, this is a file");
  }
  std::vector<std::string> made;
  for (fs::path folder = fs::absolute(path, error).lexically_normal();
       folder.has_relative_path() && !fs::exists(folder, error);
       folder = folder.parent_path()) {
    made.insert(made.begin(), folder.string());
  }
  fs::create_directories(path, error);
  if (error) {
    refuse_folder(concat("--out ", path, ": the folder cannot be created: "), error.value());
  }
  return made;
}

void refuse_folder(const std::string& message, int error) {
  const bool is_usage = error != ENOSPC && error != EDQUOT && error != EIO && error != ENOMEM;
  const std::string reason = std::generic_category().message(error);
  if (is_usage) {
    throw UsageError(message, reason);
  }
  throw Error(message + reason);
}

}  // namespace elastic::train
