// The users of a log, with their histories in the model's items. The log is read at the first
// question about a user, on any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/asking/recommender.h"
#include "cli/runs/histories.h"
#include "cli/runs/run_files.h"

namespace elastic::cli {

class KnownUsers {
 public:
  /// The users in the log at `place`: the data that `run` was trained on, or another in its form.
  /// `notes` gets a line about another log. `recommender` must outlive this.
  KnownUsers(std::string run, DataPlace place, const Recommender& recommender, Notes notes)
      : run_(std::move(run)),
        place_(std::move(place)),
        recommender_(recommender),
        notes_(std::move(notes)) {}

  [[nodiscard]] bool is_read() const;
  /// Reads the log unless it is read; throws as read_histories. So do all functions below.
  void read() { dataset(); }

  std::int32_t num_users() { return dataset().num_users(); }
  /// Of the users 0 to num_users() - 1.
  const std::string& user_id(std::int32_t user) { return dataset().user_id(user); }
  /// All events of a user, oldest first; those with items that the model does not know are counted.
  KnownItems history(std::int32_t user);
  /// The same; nullopt for a user who is not in the log.
  std::optional<KnownItems> history(const std::string& user);

 private:
  const data::Dataset& dataset();
  void match_items();

  std::string run_;
  DataPlace place_;
  const Recommender& recommender_;
  Notes notes_;
  mutable std::mutex mutex_;  // for reading the log once; it does not change afterwards
  std::shared_ptr<const data::Dataset> dataset_;
  std::vector<std::int32_t> model_items_;  // [items of the log + 1]; 0: unknown to the model
};

}  // namespace elastic::cli
