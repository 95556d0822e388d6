#include "cli/commands/profile/swept_options.h"

#include <algorithm>

#include "base/error.h"
#include "base/field_names.h"
#include "base/nearest.h"
#include "base/option_range.h"
#include "cli/options/option_table.h"
#include "cli/sweeping/search_space.h"

namespace elastic::cli {
namespace {

constexpr const char* kSweep = "--sweep";
constexpr const char* kThreads = "threads";
constexpr const char* kPrecision = "precision";

// The keys that can be swept: --model and --length have lists of their own.
std::vector<std::string> known_keys() {
  std::vector<std::string> keys{kThreads, kPrecision};
  ModelConfig config;
  visit_options(config, [&](const std::string& key, const auto&...) {
    if (key != "model" && key != "max_len" && key != "memory_len") {
      keys.push_back(key);
    }
  });
  return keys;
}

bool reads(const std::string& model, const std::string& key) {
  const std::vector<std::string> having = models_with_option(key);
  return having.empty() || std::find(having.begin(), having.end(), model) != having.end();
}

// The workload with this value of the option.
profile::Workload with_value(profile::Workload workload,
                             const std::string& key,
                             const std::string& value) {
  const std::string source = concat(kSweep, " ", key);
  if (key == kThreads) {
    std::int64_t threads = 0;
    set_from_text(&threads, value, source);
    check_range(kThreadCounts, threads, source);
    workload.setting.threads = static_cast<int>(threads);
  } else if (key == kPrecision) {
    workload.setting.precision = parse_choice<Precision>(value, source);
  } else {
    OptionTable table;
    table.add_all(workload.model);
    table.find(key).set_text(value, source);
  }
  workload.swept.emplace_back(key, value);
  return workload;
}

}  // namespace

std::vector<SweptOption> parse_swept_options(const std::vector<std::string>& texts) {
  const std::vector<std::string> known = known_keys();
  std::vector<SweptOption> options;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals + 1 == text.size()) {
      throw UsageError(kSweep,
                       ": expected OPTION=VALUES such as dim=32,64 or num-experts=4-64*2, got '",
                       text,
                       "'");
    }
    std::string key = key_form(text.substr(0, equals));
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      throw UsageError(kSweep,
                       ": expected an option of the model, threads or precision, got '",
                       key,
                       "'",
                       did_you_mean(key, known));
    }
    if (std::any_of(
            options.begin(), options.end(), [&](const auto& one) { return one.key == key; })) {
      throw UsageError(kSweep, ": ", key, " is given twice");
    }
    options.push_back(
        {std::move(key), expanded_list(concat(kSweep, " ", text), text.substr(equals + 1))});
  }
  return options;
}

std::vector<profile::Workload> swept_workloads(const profile::Workload& workload,
                                               const std::vector<SweptOption>& options) {
  std::vector<profile::Workload> all{workload};
  for (const SweptOption& option : options) {
    if (!reads(workload.model.model, option.key)) {
      continue;
    }
    std::vector<profile::Workload> longer;
    for (const profile::Workload& start : all) {
      for (const std::string& value : option.values) {
        longer.push_back(with_value(start, option.key, value));
      }
    }
    all = std::move(longer);
  }
  return all;
}

}  // namespace elastic::cli
