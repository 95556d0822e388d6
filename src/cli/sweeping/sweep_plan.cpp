#include "cli/sweeping/sweep_plan.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/option_range.h"
#include "base/split_list.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

constexpr int kFormat = 1;

template <class T>
bool holds_all(const std::vector<T>& more, const std::vector<T>& all) {
  return std::all_of(all.begin(), all.end(), [&](const T& one) {
    return std::find(more.begin(), more.end(), one) != more.end();
  });
}

std::string joined(const std::vector<std::int64_t>& numbers) {
  std::string text;
  for (const std::int64_t number : numbers) {
    text += concat(text.empty() ? "" : ",", number);
  }
  return text;
}

// Compares plans and words the refusal.
class Comparison {
 public:
  Comparison(const std::string& path, const ordered_json& before, const SweepPlan& plan)
      : path_(path), before_(before), plan_(plan) {}

  void check() const {
    const std::string search = before_.at("search").get<std::string>();
    if (search != choice_name(plan_.search)) {
      refuse("--search", search, choice_name(plan_.search));
    }
    check_sets(before_.at("set").get<std::vector<std::string>>());
    check_seeds(before_.at("seeds").get<std::vector<std::int64_t>>());
    const auto trials = before_.at("trials").get<std::int64_t>();
    if (trials != plan_.trials && (!may_grow() || trials == 0 || plan_.trials < trials)) {
      refuse("--trials", concat(trials), concat(plan_.trials));
    }
    const auto search_seed = before_.at("search_seed").get<std::int64_t>();
    if (search_seed != plan_.search_seed) {
      refuse("--search-seed", concat(search_seed), concat(plan_.search_seed));
    }
    check_options(before_.at("options"));
  }

 private:
  // A halving compares all its configurations with each other.
  [[nodiscard]] bool may_grow() const { return plan_.search != Search::kHalving; }

  [[noreturn]] void refuse(const std::string& option,
                           const std::string& before,
                           const std::string& now) const {
    throw UsageError("--out ",
                     path_,
                     ": the sweep there was started with ",
                     option,
                     " ",
                     before,
                     ", not ",
                     now,
                     "; choose another --out");
  }

  void check_sets(const std::vector<std::string>& sets) const {
    for (const std::string& text : sets) {
      const Dimension before = parse_dimension(text);
      const auto same = std::find_if(plan_.sets.begin(), plan_.sets.end(), [&](const auto& now) {
        return parse_dimension(now).key == before.key;
      });
      if (same == plan_.sets.end()) {
        refuse("--set", text, "without it");
      }
      const Dimension now = parse_dimension(*same);
      const bool grown = plan_.search == Search::kGrid && now.kind == before.kind &&
                         holds_all(now.values, before.values);
      if (now.text != before.text && !grown) {
        refuse("--set", text, *same);
      }
    }
    if (plan_.sets.size() > sets.size()) {
      refuse("--set", concat(sets.size(), " times"), concat(plan_.sets.size(), " times"));
    }
  }

  void check_seeds(const std::vector<std::int64_t>& seeds) const {
    if (seeds != plan_.seeds && !(may_grow() && holds_all(plan_.seeds, seeds))) {
      refuse("--seeds", joined(seeds), joined(plan_.seeds));
    }
  }

  void check_options(const ordered_json& options) const {
    for (const auto& [key, value] : options.items()) {
      const auto now = plan_.options.find(key);
      if (now != plan_.options.end() && *now != value) {
        refuse(flag_of(key), data::json_text(value), data::json_text(*now));
      }
    }
  }

  const std::string& path_;
  const ordered_json& before_;
  const SweepPlan& plan_;
};

}  // namespace

ordered_json to_json(const SweepPlan& plan) {
  return {{"format", kFormat},
          {"search", choice_name(plan.search)},
          {"set", plan.sets},
          {"seeds", plan.seeds},
          {"trials", plan.trials},
          {"search_seed", plan.search_seed},
          {"options", plan.options},
          {"data_hash", plan.data_hash}};
}

void check_continues(const std::string& path, const ordered_json& before, const SweepPlan& plan) {
  const std::string file = path + "/sweep.json";
  try {
    if (before.at("format") != kFormat) {
      throw CheckpointError(file, ": was written by another version of elastic");
    }
    Comparison(path, before, plan).check();
    if (before.at("data_hash") != plan.data_hash) {
      throw CheckpointError(
          file,
          ": the data is not that of the sweep; point --data at the original file, or choose "
          "another --out");
    }
  } catch (const nlohmann::json::exception&) {
    throw CheckpointError(file, ": expected the content that `elastic sweep` writes");
  }
}

std::vector<std::int64_t> parse_seeds(const std::string& text) {
  std::vector<std::int64_t> seeds;
  for (const std::string& part : split_list(text)) {
    std::int64_t seed = 0;
    const char* const end = part.data() + part.size();
    const auto [stop, error] = std::from_chars(part.data(), end, seed);
    if (error != std::errc() || stop != end || seed < 0) {
      throw UsageError("--seeds: expected whole numbers such as 1,2,3, got '", text, "'");
    }
    if (std::find(seeds.begin(), seeds.end(), seed) != seeds.end()) {
      throw UsageError("--seeds: expected different numbers, got ", seed, " twice");
    }
    seeds.push_back(seed);
  }
  return seeds;
}

}  // namespace elastic::cli
