// The folder of a run: creates it, locks it against other processes, and writes small files.
//
//   config.json  data.json  items.tsv  model.safetensors  checkpoints/  metrics.jsonl  result.json
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace elastic::train {

class RunDirectory {
 public:
  /// Creates the folder of a new run. What an earlier start left there that ended before its first
  /// checkpoint is replaced. Throws UsageError naming the folder if it cannot be created or
  /// written, is in use by another process, or holds other files.
  static RunDirectory create(const std::string& path);
  /// Opens an existing run to resume it. Throws UsageError if there is none, or it is in use.
  static RunDirectory resume(const std::string& path);

  /// Only the paths of a run that another process has opened, which locks and writes it.
  static RunDirectory look(const std::string& path) { return RunDirectory(path); }

  RunDirectory(RunDirectory&& other) noexcept;
  RunDirectory& operator=(RunDirectory&&) = delete;
  /// Releases the lock. If config.json of a new run was never written, also removes what `create`
  /// made.
  ~RunDirectory();

  [[nodiscard]] const std::string& path() const { return path_; }
  /// Path of a file in the folder.
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::string model_path() const { return file("model.safetensors"); }
  [[nodiscard]] std::string checkpoint_path() const {
    return file("checkpoints/latest.safetensors");
  }
  [[nodiscard]] std::string metrics_path() const { return file("metrics.jsonl"); }
  [[nodiscard]] bool has_checkpoint() const;

  /// Writes config.json, data.json or result.json, atomically.
  void write_json(const std::string& name, const nlohmann::ordered_json& value) const;

 private:
  explicit RunDirectory(std::string path) : path_(std::move(path)) {}
  void lock();
  void remove_leftovers() const;
  void remove_traces() const;

  std::string path_;
  std::vector<std::string> made_;  ///< folders that `create` made, outermost first
  bool is_new_ = false;
  int lock_descriptor_ = -1;
};

/// Reads a JSON file of a run. Throws CheckpointError naming the file if it is missing or not JSON.
nlohmann::ordered_json read_json(const std::string& path);
/// The same for a file that holds an object, such as config.json; anything else is refused.
nlohmann::ordered_json read_json_object(const std::string& path);

}  // namespace elastic::train
