// The users that a run's data holds, read when the first of them is asked for.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"

namespace elastic::cli {

class KnownUsers {
 public:
  /// Of the data that `run` was trained on.
  KnownUsers(std::string run, DataPlace place) : run_(std::move(run)), place_(std::move(place)) {}

  [[nodiscard]] bool is_read() const { return data_.has_value(); }
  /// Throws as read_data_again.
  const data::Dataset& dataset();

 private:
  std::string run_;
  DataPlace place_;
  std::optional<RunData> data_;
};

}  // namespace elastic::cli
