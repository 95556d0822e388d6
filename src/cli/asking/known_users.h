// The users in a run's data. The data is read at the first question about a user.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"

namespace elastic::cli {

class KnownUsers {
 public:
  /// The users in the data that `run` was trained on, which is now at `place`.
  KnownUsers(std::string run, DataPlace place) : run_(std::move(run)), place_(std::move(place)) {}

  [[nodiscard]] bool is_read() const { return data_.has_value(); }
  /// Reads the data at the first call; throws as read_data_again.
  const data::Dataset& dataset();

 private:
  std::string run_;
  DataPlace place_;
  std::optional<RunData> data_;
};

}  // namespace elastic::cli
