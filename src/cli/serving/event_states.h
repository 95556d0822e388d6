// The states of the users' streams that a server keeps, in the run directory.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "cli/asking/stream_answers.h"
#include "train/run_directory.h"
#include "train/stopwatch.h"

namespace elastic::cli {

/// For the thread that computes only.
class EventStates {
 public:
  /// Continues from the states in the run directory, if there are any, which it locks. `previous`,
  /// which may be null, belongs to the model before a reload: it saves its states first. If it has
  /// the same directory and another model, all streams start again. Throws UsageError for a run in
  /// use, CheckpointError for states of another model.
  EventStates(const std::string& run,
              std::string model_hash,
              Recommender& recommender,
              StreamAnswers::EarlierEvents known,
              EventStates* previous);

  /// Updates the users' states with these events, in order, and answers each.
  std::vector<Answer> answer(std::span<const Query> events);
  /// Saves if there are new events.
  void save();
  /// Saves if the latest save is as long ago.
  void save_if_due(double save_every_s);
  [[nodiscard]] std::int64_t num_users() const { return answers_.streams().size(); }

 private:
  std::shared_ptr<train::RunDirectory> run_;  // shared by the models of one directory
  std::string path_;
  std::string model_hash_;
  StreamAnswers answers_;
  bool changed_ = false;
  train::Stopwatch since_save_;
};

}  // namespace elastic::cli
