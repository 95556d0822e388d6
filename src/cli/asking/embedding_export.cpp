#include "cli/asking/embedding_export.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/escaped_text.h"
#include "data/vector_table.h"
#include "eval/finite_states.h"
#include "train/items_file.h"

namespace elastic::cli {
namespace {

constexpr std::string_view kSuffix = ".npy";
constexpr std::int32_t kUsersAtOnce = 256;

// The path of the ids. Throws UsageError unless `path` ends in .npy.
std::string checked_ids_path(const std::string& path) {
  if (!path.ends_with(kSuffix)) {
    throw UsageError("--out: expected a file name that ends in .npy, got \"", path, "\"");
  }
  return data::ids_path_of(path);
}

}  // namespace

EmbeddingExport::EmbeddingExport(const std::string& path, Recommender& recommender)
    : recommender_(recommender),
      path_(path),
      ids_path_(checked_ids_path(path)),
      vectors_(path, recommender.config().dim),
      ids_(ids_path_) {}

void EmbeddingExport::add_items() {
  const Tensor table = recommender_.model().scored_items();
  const Tensor items = table.slice(1, table.rows());  // row 0 is not an item
  eval::require_finite_states(items);
  vectors_.append(items.to_vector<float>());
  for (const train::ItemName& item : recommender_.names()) {
    ids_.write(escaped(item.raw_id) + "\n");
  }
}

void EmbeddingExport::add_users(KnownUsers& users, const Notes& notes) {
  if (recommender_.config().time_features == TimeFeatures::kAsked) {
    throw UsageError(
        "--embeddings users: the model reads the time of the event to predict; give the users and "
        "their \"time\" in FILE");
  }
  for (std::int32_t begin = 0; begin < users.num_users(); begin += kUsersAtOnce) {
    std::vector<KnownItems> known;
    std::vector<std::string> ids;
    const std::int32_t end = std::min(begin + kUsersAtOnce, users.num_users());
    for (std::int32_t user = begin; user < end; ++user) {
      KnownItems history = users.history(user);
      if (history.items.empty()) {
        notes(fmt::format("user {}: no row: no item of the history is known", users.user_id(user)));
        continue;
      }
      known.push_back(std::move(history));
      ids.push_back(users.user_id(user));
    }
    std::vector<TimedHistory> histories;
    for (const KnownItems& history : known) {
      histories.push_back({history.items, {.events = history.times}});
    }
    add_states(histories, ids);
  }
}

void EmbeddingExport::add_questions(const Questions::Batch& batch, const Notes& notes) {
  std::vector<TimedHistory> histories;
  std::vector<std::string> ids;
  for (const Question& question : batch) {
    const Answer& answer = question.answer;
    if (!question.has_answer()) {
      notes(fmt::format("line {}: no row: {}", answer.line, answer.error));
    } else if (question.item != 0 || question.candidates) {
      throw UsageError("line ",
                       answer.line,
                       ": --embeddings users takes users and histories, not items or candidates");
    } else {
      histories.push_back({question.history, question.history_times()});
      ids.push_back(answer.user.value_or(fmt::format("line {}", answer.line)));
    }
  }
  add_states(histories, ids);
}

void EmbeddingExport::add_states(const std::vector<TimedHistory>& histories,
                                 const std::vector<std::string>& ids) {
  if (histories.empty()) {
    return;
  }
  vectors_.append(recommender_.encode(histories).to_vector<float>());
  for (const std::string& id : ids) {
    ids_.write(escaped(id) + "\n");
  }
}

void EmbeddingExport::commit() {
  ids_.commit();
  vectors_.commit();
}

std::string EmbeddingExport::summary() const {
  return fmt::format("{}: {} x {} float32, ids in {}",
                     path_,
                     vectors_.rows(),
                     recommender_.config().dim,
                     ids_path_);
}

}  // namespace elastic::cli
