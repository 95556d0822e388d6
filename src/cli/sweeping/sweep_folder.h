// The folder of a sweep: sweep.json, configs/, logs/, runs/, and the results.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/descriptor.h"

namespace elastic::cli {

class SweepFolder {
 public:
  /// Creates or opens it, and locks it. If the trials of a call that was killed still run, waits
  /// until they have saved and stopped; `wait` is called once before that. Throws UsageError if
  /// it is in use by another sweep, holds other files, or cannot be created.
  template <class Wait>
  SweepFolder(const std::string& path, const Wait& wait) : SweepFolder(path) {
    if (!lock_trials(/*wait=*/false)) {
      wait();
      lock_trials(/*wait=*/true);
    }
  }

  /// Removes what it made if no plan was written.
  ~SweepFolder();
  SweepFolder(const SweepFolder&) = delete;
  SweepFolder& operator=(const SweepFolder&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }
  [[nodiscard]] std::string run(const std::string& trial) const { return file("runs/" + trial); }
  [[nodiscard]] std::string log(const std::string& trial) const {
    return file("logs/" + trial + ".log");
  }
  [[nodiscard]] std::string config(const std::string& trial) const {
    return file("configs/" + trial + ".json");
  }
  /// The descriptor whose lock says that trials run; for the trials to inherit.
  [[nodiscard]] int trials_lock() const { return trials_lock_.get(); }

  /// The content of sweep.json; none for a new sweep. Throws CheckpointError.
  [[nodiscard]] std::optional<nlohmann::ordered_json> read_plan() const;
  void write_plan(const nlohmann::ordered_json& plan) const;

  /// Seconds that all calls so far have worked on the sweep, as far as they were saved.
  [[nodiscard]] double spent_s() const;
  void save_spent(double seconds) const;

  /// The reason of the trial's last failure; "" if it has not failed.
  [[nodiscard]] std::string failure(const std::string& trial) const;
  /// Saves the reason; "" removes it.
  void set_failure(const std::string& trial, const std::string& reason) const;

 private:
  explicit SweepFolder(const std::string& path);
  bool lock_trials(bool wait);

  std::string path_;
  std::vector<std::string> made_;  ///< folders that did not exist, outermost first
  Descriptor lock_;
  Descriptor trials_lock_;
};

}  // namespace elastic::cli
