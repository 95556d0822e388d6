// The users in a run's data. The data is read at the first question about a user, on any thread.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"

namespace elastic::cli {

class KnownUsers {
 public:
  /// The users in the data that `run` was trained on, which is now at `place`.
  KnownUsers(std::string run, DataPlace place) : run_(std::move(run)), place_(std::move(place)) {}

  [[nodiscard]] bool is_read() const;
  /// Reads the data at the first call; throws as read_data_again.
  const data::Dataset& dataset();
  /// The items of a user's events in the data, oldest first; empty for a user who is not in it.
  std::vector<std::int32_t> events_of(const std::string& user);

 private:
  std::string run_;
  DataPlace place_;
  mutable std::mutex mutex_;  ///< for reading the data once; it does not change afterwards
  std::optional<RunData> data_;
};

}  // namespace elastic::cli
