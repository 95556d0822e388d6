// The users that a run's data holds, read when the first of them is asked for.
#pragma once

#include <optional>
#include <string>

#include "cli/run_data.h"

namespace elastic::cli {

class KnownUsers {
 public:
  /// Of the data that `run` was trained on, at `path` where that is not empty.
  KnownUsers(std::string run, std::string path) : run_(std::move(run)), path_(std::move(path)) {}

  [[nodiscard]] bool is_read() const { return data_.has_value(); }
  /// Throws as read_data_again.
  const data::Dataset& dataset();

 private:
  std::string run_;
  std::string path_;
  std::optional<RunData> data_;
};

}  // namespace elastic::cli
