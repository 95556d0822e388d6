// A model that a server answers with, and all that belongs to it: items, users, states of streams.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "cli/asking/item_lists.h"
#include "cli/asking/known_users.h"
#include "cli/asking/new_items.h"
#include "cli/asking/popular_items.h"
#include "cli/asking/query.h"
#include "cli/asking/recommender.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_list.h"
#include "cli/serving/event_states.h"
#include "data/log_format.h"

namespace elastic::cli {

/// Where a server's models come from, and how they answer; the same for all reloads.
struct ModelSource {
  const RunList& runs;
  const DataPlace& place;
  const RecommendOptions& options;
  bool keep_filter_seen = false;  ///< that of `options` holds, not that of the run
  const Notes& notes;
  const ItemLists& lists;
  const NewItems& new_items;
  Device device = Device::kCpu;
  bool events = true;  ///< read streams, if the model can
  Fallback fallback = Fallback::kNone;
  bool from_data = false;  ///< start users who are new to the stream with their events in the data
};

class ServedModel {
 public:
  using Time = std::chrono::system_clock::time_point;

  /// Loads the model that is now in the run. Throws CheckpointError or DataError.
  explicit ServedModel(const ModelSource& source);

  /// Only the thread that computes may ask it for answers; looking up ids is free to all.
  [[nodiscard]] Recommender& recommender() { return *recommender_; }
  [[nodiscard]] const Recommender& recommender() const { return *recommender_; }
  /// Null if there is none.
  [[nodiscard]] const PopularItems* fallback() const { return fallback_.get(); }
  [[nodiscard]] KnownUsers& users() { return *users_; }
  /// A parser of lines in the form of the run's log.
  [[nodiscard]] QueryParser make_parser(PlainLine plain) const {
    return QueryParser(plain, log_format_, times_);
  }
  /// Identifies the weights.
  [[nodiscard]] const std::string& hash() const { return hash_; }
  [[nodiscard]] Time written() const { return written_; }
  [[nodiscard]] Time loaded() const { return loaded_; }
  /// Answers a question of one item. Throws NotANumberError if the model is of no use.
  void check_answers();
  /// Opens the states of the users' streams, after `previous`, if not null, has saved its own. Does
  /// nothing if there are none to read. Throws as EventStates.
  void open_events(ServedModel* previous);
  /// Null if the model reads no events.
  [[nodiscard]] EventStates* events() { return events_.get(); }

 private:
  bool reads_events_;
  bool from_data_;
  std::string run_;
  std::unique_ptr<Recommender> recommender_;
  std::optional<data::LogFormat> log_format_;
  QuestionTimes times_;
  std::unique_ptr<KnownUsers> users_;
  std::unique_ptr<PopularItems> fallback_;
  std::string hash_;
  Time written_;
  Time loaded_;
  std::unique_ptr<EventStates> events_;
};

}  // namespace elastic::cli
