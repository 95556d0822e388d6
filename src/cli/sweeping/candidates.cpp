#include "cli/sweeping/candidates.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <span>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "base/random.h"
#include "data/json_document.h"
#include "model/registry.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// The reason why an option cannot vary; "" if it can.
std::string obstacle(const Option& option) {
  if (option.key == "seed") {
    return "use --seeds 1,2,3, whose results are averaged";
  }
  if (option.group == "Data" || option.group == "Evaluation") {
    return "it changes the events or the ranking that the validation is made of, so that results "
           "would not be comparable";
  }
  if (option.key == "stop_metric") {
    return "configurations are compared by it; set it for the whole sweep";
  }
  if (option.group == "Start and refit" || option.group == "Records" || option.key == "threads") {
    return "it does not belong to a configuration; set it for the whole sweep";
  }
  return "";
}

std::string value_text(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : data::json_text(value);
}

std::string draw_words(const Draw& draw) {
  std::string text;
  for (const auto& [key, value] : draw) {
    text += concat(text.empty() ? "" : " ", key, "=", value);
  }
  return text;
}

bool reads(const std::string& model, const std::string& key) {
  const std::vector<std::string> having = models_with_option(key);
  return having.empty() || std::find(having.begin(), having.end(), model) != having.end();
}

// Adds the candidate unless an equal one is there.
void add_new(Candidate candidate, std::set<std::string>& known, std::vector<Candidate>& all) {
  if (known.insert(data::json_text(candidate.settings)).second) {
    all.push_back(std::move(candidate));
  }
}

}  // namespace

Candidates::Candidates(const OptionTable& table, std::function<void()> check)
    : table_(table), check_(std::move(check)) {}

Option& Candidates::option(const std::string& key) const {
  for (const auto& one : table_.options()) {
    if (one->key == key) {
      return *one;
    }
  }
  fail_check("option", __FILE__, __LINE__, "no option " + key);
}

void Candidates::check_key(const std::string& key) const {
  std::vector<std::string> keys;
  for (const auto& one : table_.options()) {
    if (one->scope != Scope::kEverywhere) {
      continue;
    }
    keys.push_back(one->key);
    const std::string reason = one->key == key ? obstacle(*one) : "";
    if (!reason.empty()) {
      throw UsageError("--set ", key, ": ", reason);
    }
  }
  if (std::find(keys.begin(), keys.end(), key) == keys.end()) {
    throw UsageError(
        "--set ", key, ": unknown option", did_you_mean(key, keys), " (see elastic train --help)");
  }
}

void Candidates::check_space(const std::vector<Dimension>& space) const {
  for (const Dimension& dimension : space) {
    check_key(dimension.key);
  }
}

Candidate Candidates::make(const Draw& draw) {
  std::vector<std::pair<Option*, nlohmann::json>> before;
  const auto restore = [&before] {
    for (const auto& [varied, value] : before) {
      varied->set(value, varied->source);
    }
  };
  Candidate candidate;
  candidate.settings = ordered_json::object();
  try {
    for (const auto& [key, text] : draw) {
      Option& varied = option(key);
      before.emplace_back(&varied, to_json(varied.target));
      varied.set_text(text, "--set " + key);
    }
    check_();
    const std::string model = to_text(table_.find("model").target);
    for (const auto& [key, text] : draw) {
      if (reads(model, key)) {
        candidate.settings[key] = to_json(table_.find(key).target);
      }
    }
    candidate.epochs = to_json(table_.find("epochs").target).get<std::int64_t>();
    candidate.eval_every = to_json(table_.find("eval_every").target).get<std::int64_t>();
    candidate.resumable = to_text(table_.find("schedule").target) == "constant";
  } catch (const UsageError& error) {
    restore();
    const std::string what = error.what();
    throw UsageError(what,
                     what.starts_with("--set ") ? "" : concat(" (--set ", draw_words(draw), ")"));
  }
  restore();
  return candidate;
}

std::vector<Candidate> Candidates::grid(const std::vector<Dimension>& space) {
  std::set<std::string> known;
  std::vector<Candidate> all;
  for (const Draw& draw : all_combinations(space)) {
    add_new(make(draw), known, all);
  }
  return all;
}

std::vector<Candidate> Candidates::random(const std::vector<Dimension>& space,
                                          std::uint64_t seed,
                                          std::int64_t count) {
  // Lists of few values repeat; a hundred repetitions in a row mean that hardly any are left.
  constexpr int kMostRepetitions = 100;
  std::set<std::string> known;
  std::vector<Candidate> all;
  int repetitions = 0;
  for (std::uint64_t index = 0;
       static_cast<std::int64_t>(all.size()) < count && repetitions < kMostRepetitions;
       ++index) {
    const std::size_t before = all.size();
    add_new(make(draw_combination(space, seed, index)), known, all);
    repetitions = all.size() == before ? repetitions + 1 : 0;
  }
  return all;
}

std::string words_of(const ordered_json& settings) {
  std::string text;
  for (const auto& [key, value] : settings.items()) {
    text += concat(text.empty() ? "" : ", ", key, " ", value_text(value));
  }
  return text;
}

std::string trial_name(const ordered_json& settings, std::int64_t epochs, std::int64_t seed) {
  constexpr std::size_t kLongest = 200;
  constexpr std::size_t kHashLength = 17;
  std::string exact;
  for (const auto& [key, value] : settings.items()) {
    std::string name = key;
    std::replace(name.begin(), name.end(), '_', '-');
    exact += concat(name, "=", value_text(value), "_");
  }
  exact += epochs == 0 ? "" : concat("epochs=", epochs, "_");
  exact += concat("seed=", seed);
  std::string safe = exact;
  std::replace_if(
      safe.begin(),
      safe.end(),
      [](unsigned char letter) {
        return std::isalnum(letter) == 0 &&
               std::string("+.=_-").find(static_cast<char>(letter)) == std::string::npos;
      },
      '-');
  if (safe == exact && safe.size() <= kLongest) {
    return safe;
  }
  safe.resize(std::min(safe.size(), kLongest - kHashLength));
  return fmt::format("{}_{:016x}", safe, hash_name(exact.c_str()));
}

}  // namespace elastic::cli
