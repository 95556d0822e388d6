#include "cli/runs/run_data.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/error.h"
#include "data/interaction_cache.h"

namespace elastic::cli {
namespace {

constexpr std::array<const char*, 4> kDataPaths{"data", "items", "valid_data", "test_data"};

// The values of --cache that are not folders.
enum class CacheWord { kAuto, kOff };
constexpr auto choices_of(CacheWord) {
  return std::to_array<Choice<CacheWord>>({{CacheWord::kAuto, "auto"}, {CacheWord::kOff, "off"}});
}

void note_source(const data::LogSource& source, const Notes& notes) {
  notes(fmt::format("data: {}: {}", source.path, source.format.describe()));
  for (const std::string& text : source.notes) {
    notes("data: " + text);
  }
  if (source.num_bad_rows > 0) {
    notes(fmt::format("data: bad rows skipped: {}; the first of them:", source.num_bad_rows));
    for (const data::BadRow& row : source.bad_rows) {
      notes(fmt::format("  {}:{}: {}", source.path, row.line, row.problem));
    }
  }
  if (source.num_far_times > 0) {
    notes(fmt::format("data: warning: times far from the others: {}; the first of them:",
                      source.num_far_times));
    for (const data::BadRow& row : source.far_times) {
      notes(fmt::format("  {}:{}: {}", source.path, row.line, row.problem));
    }
  }
  if (!source.cache_note.empty()) {
    notes("data: " + source.cache_note);
  }
}

void note_report(const data::LogReport& log, const Notes& notes) {
  const data::FirstEvent& first = log.first_event;
  notes(fmt::format("data: first event: user '{}', item '{}'{}{}",
                    first.user,
                    first.item,
                    first.rating ? fmt::format(", rating {}", *first.rating) : "",
                    first.time.empty() ? "" : ", time " + first.time));
  if (!log.times) {
    notes("data: warning: no column of times: events are in file order");
    return;
  }
  notes(fmt::format(
      "data: times from {} to {}{}{}; events at the time of another of the user: {:.1f} "
      "%, repeated rows: {:.1f} %",
      log.times->first,
      log.times->last,
      log.times->unit.empty() ? "" : ", in ",
      log.times->unit,
      100.0 * log.times->ties,
      100.0 * log.times->identical));
}

void note_all(const data::DataConfig& config, const RunData& data, const Notes& notes) {
  const data::LoadedData& loaded = data.loaded;
  note_log(loaded, notes);
  for (const data::FilterStep& step : loaded.filters) {
    notes(fmt::format(
        "data: {}: {} users, {} items, {} events", step.name, step.users, step.items, step.events));
  }
  if (!config.items.empty()) {
    notes(fmt::format("data: {}: {}; titles for {} of {} items",
                      config.items,
                      loaded.titles.detected,
                      loaded.titles.num_titles,
                      data.split.num_items()));
  }
  note_split(data.split, notes);
}

}  // namespace

void note_split(const data::Split& split, const Notes& notes) {
  notes(fmt::format("split: {}, {} events to train on, {} users to evaluate, {}",
                    choice_name(split.rule()),
                    split.num_train_events(),
                    split.eval_users(data::Subset::kTest).size(),
                    split.hash()));
  if (split.rule() != data::SplitRule::kLeaveOneOut) {
    notes("split: " + split.description());
    notes(fmt::format("split: {} users to validate with",
                      split.eval_users(data::Subset::kValidation).size()));
  }
  const auto cold_users = split.cold_users(data::Subset::kTest).size();
  const auto cold_valid_users = split.cold_users(data::Subset::kValidation).size();
  if (cold_users > 0 || cold_valid_users > 0) {
    notes(
        fmt::format("split: users without any event before the held-out ones: {} in the test, {} "
                    "in the validation",
                    cold_users,
                    cold_valid_users));
  }
  if (const std::int64_t cold_items = split.num_cold_items(); cold_items > 0) {
    notes(fmt::format("split: items without an event to train on: {}", cold_items));
  }
}

void note_log(const data::LoadedData& loaded, const Notes& notes) {
  for (const data::LogSource& source : loaded.sources) {
    note_source(source, notes);
  }
  note_report(loaded.log, notes);
}

std::string absolute_path(const std::string& path) {
  return path.empty() || path == "-" ? path
                                     : std::filesystem::absolute(path).lexically_normal().string();
}

void declare_data(OptionTable& table, data::DataConfig& config) {
  table.begin_group("Data");
  table.add_all(config);
  for (const char* key : kDataPaths) {
    table.find(key).value_name = "FILE";
  }
  for (const char* key : {"min_time", "max_time", "valid_time", "test_time"}) {
    table.find(key).value_name = "TIME";
  }
  // A switch in earlier versions.
  table.find("drop_duplicates").switch_texts = {choice_name(data::Duplicates::kNone),
                                                choice_name(data::Duplicates::kAll)};
}

void declare_refit(OptionTable& table, data::Refit& refit) {
  table.add("refit",
            &refit,
            "after the search for the best epoch, train anew for as many epochs, with more events, "
            "and keep that model; the added events");
}

void check_refit(data::Refit refit, const data::DataConfig& config) {
  if (refit != data::Refit::kNone && config.split.rule == data::SplitRule::kNone) {
    throw UsageError("--refit ",
                     choice_name(refit),
                     ": expected a split with held-out events, got --split none; leave one of them "
                     "out");
  }
}

bool is_data_path(const std::string& key) {
  return std::find(kDataPaths.begin(), kDataPaths.end(), key) != kDataPaths.end();
}

void declare_cache(OptionTable& table, std::string& cache) {
  table
      .add("cache", &cache, "folder for parsed copies of large inputs; auto: the user's cache; off")
      .session("DIR");
}

std::string cache_folder(const std::string& cache) {
  if (cache.empty()) {
    throw UsageError("--cache: expected a folder, auto or off, got ''");
  }
  const auto word = find_choice<CacheWord>(cache);
  return !word ? cache : *word == CacheWord::kOff ? "" : data::default_cache_folder();
}

void make_paths_absolute(data::DataConfig& config) {
  for (std::string& path : config.data) {
    path = absolute_path(path);
  }
  config.items = absolute_path(config.items);
  config.valid_data = absolute_path(config.valid_data);
  config.test_data = absolute_path(config.test_data);
}

RunData read_data(const data::DataConfig& config, const Notes& notes, data::Refit refit) {
  check_refit(refit, config);
  data::LoadedData loaded = data::load_data(config);
  data::Split split = data::Split(loaded.dataset, loaded.plan).refitted(refit);
  RunData data{std::move(loaded), std::move(split)};
  note_all(config, data, notes);
  return data;
}

std::vector<train::ItemName> item_names(const data::Dataset& dataset) {
  std::vector<train::ItemName> names;
  for (std::int64_t item = 1; item <= dataset.num_items(); ++item) {
    names.push_back({dataset.item_id(item), dataset.title(item)});
  }
  return names;
}

}  // namespace elastic::cli
