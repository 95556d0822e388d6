#include "cli/serving/served_model.h"

#include <sys/stat.h>

#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/asking/run_log_format.h"
#include "cli/runs/run_model.h"
#include "cli/runs/run_rules.h"
#include "cli/runs/seen_items_warning.h"
#include "train/items_file.h"
#include "train/saved_model.h"

namespace elastic::cli {
namespace {

std::string hash_of(const RunList& runs) {
  std::string hashes;
  for (const std::string& run : runs.runs()) {
    hashes += (hashes.empty() ? "" : ",") + model_file_hash(run);
  }
  return hashes;
}

// The run's rule holds unless the call has set it; a reload reads it again.
RecommendOptions options_of(const ModelSource& source) {
  RecommendOptions options = source.options;
  if (!source.keep_filter_seen) {
    options.filter_seen = read_run_rules(source.runs.first()).filter_seen;
  }
  return options;
}

ServedModel::Time time_of_file(const std::string& path) {
  struct stat facts {};
  return stat(path.c_str(), &facts) == 0 ? std::chrono::system_clock::from_time_t(facts.st_mtime)
                                         : ServedModel::Time{};
}

}  // namespace

ServedModel::ServedModel(const ModelSource& source)
    : reads_events_(source.events),
      from_data_(source.from_data),
      run_(source.runs.first()),
      log_format_(read_log_format(run_)),
      hash_(hash_of(source.runs)),
      written_(time_of_file(file_of(run_, "model.safetensors"))),
      loaded_(std::chrono::system_clock::now()) {
  train::SavedModel saved = source.runs.load(source.device);
  std::vector<train::ItemName> names =
      train::read_items(file_of(run_, train::kItemsFile), saved.info.identity.items_hash);
  source.new_items.check_events(reads_events_ && saved.model->streaming() != nullptr,
                                "add --no-events");
  source.new_items.add_to(saved, names, source.notes);
  recommender_ =
      std::make_unique<Recommender>(std::move(saved.model), std::move(names), options_of(source));
  if (hash_of(source.runs) != hash_) {
    throw CheckpointError(run_, ": its model was replaced while it was read; try again");
  }
  source.notes(seen_items_warning(saved.info.train_seen, recommender_->options().filter_seen));
  times_ = question_times(run_, recommender_->config());
  source.lists.apply(*recommender_, source.notes);
  recommender_->expect_many_questions();
  users_ = std::make_unique<KnownUsers>(run_, source.place, *recommender_, source.notes);
  if (from_data_) {
    users_->read();  // fails now, or never
  }
  if (source.fallback == Fallback::kPopular) {
    fallback_ = std::make_unique<PopularItems>(*users_, *recommender_);
  }
}

void ServedModel::check_answers() {
  const std::array<std::int32_t, 1> history{1};
  const std::array<std::int64_t, 1> times{0};
  data::HistoryTimes asked;
  if (reads_times(recommender_->config())) {
    asked = {.events = times, .before = std::nullopt, .asked = 0};
  }
  recommender_->recommend({Request{.history = history, .times = asked}});
}

void ServedModel::open_events(ServedModel* previous) {
  if (!reads_events_ || recommender_->model().streaming() == nullptr) {
    return;
  }
  StreamAnswers::EarlierEvents earlier;
  if (from_data_) {
    earlier = [this](const std::string& user) {
      return users_->history(user).value_or(KnownItems{});
    };
  }
  events_ = std::make_unique<EventStates>(run_,
                                          hash_,
                                          *recommender_,
                                          std::move(earlier),
                                          previous == nullptr ? nullptr : previous->events());
}

}  // namespace elastic::cli
