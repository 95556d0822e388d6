#include "cli/serving/event_states.h"

#include <filesystem>
#include <system_error>
#include <utility>

#include "base/checksum.h"
#include "base/input_file.h"

namespace elastic::cli {
namespace {

bool is_same_folder(const std::string& a, const std::string& b) {
  std::error_code error;
  return std::filesystem::equivalent(a, b, error);
}

}  // namespace

EventStates::EventStates(const std::string& run,
                         std::string model_hash,
                         Recommender& recommender,
                         StreamAnswers::EarlierEvents known,
                         EventStates* previous)
    : model_hash_(std::move(model_hash)), answers_(recommender, std::move(known)) {
  // The path of links resolved: a link to the latest run may point elsewhere later.
  const std::string folder = std::filesystem::canonical(run).string();
  const bool is_same = previous != nullptr && is_same_folder(previous->run_->path(), folder);
  if (previous != nullptr) {
    previous->save();
  }
  run_ = is_same ? previous->run_
                 : std::make_shared<train::RunDirectory>(train::RunDirectory::resume(folder));
  path_ = run_->file("streams.safetensors");
  const bool starts_again = is_same && previous->model_hash_ != model_hash_;
  if (!starts_again && is_present(path_)) {
    answers_.streams().load(path_, model_hash_);
  }
}

std::vector<Answer> EventStates::answer(std::span<const Query> events) {
  return answers_.answer(events, [this] { changed_ = true; });
}

void EventStates::save() {
  if (changed_) {
    answers_.streams().save(path_, model_hash_, {0, Checksum().hex()});
    changed_ = false;
  }
  since_save_.lap();
}

void EventStates::save_if_due(double save_every_s) {
  if (since_save_.peek() >= save_every_s) {
    save();
  }
}

}  // namespace elastic::cli
