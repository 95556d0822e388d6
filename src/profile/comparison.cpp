#include "profile/comparison.h"

#include <algorithm>
#include <deque>
#include <map>
#include <utility>

#include "base/error.h"
#include "data/json_document.h"
#include "profile/report.h"
#include "profile/row_text.h"

namespace elastic::profile {
namespace {

using nlohmann::ordered_json;

// The keys in which partners agree, besides the swept options.
constexpr const char* kIdentity[] = {
    "model", "phase", "length", "batch", "supervision", "shortcut"};

ordered_json identity_of(const ordered_json& row, const std::vector<std::string>& swept) {
  ordered_json identity = ordered_json::object();
  for (const char* key : kIdentity) {
    identity[key] = row.value(key, ordered_json());
  }
  for (const std::string& key : swept) {
    identity[key] = row.value(key, ordered_json());
  }
  identity["imported"] = row.value("imported", ordered_json(false));
  return identity;
}

// The swept options of both.
std::vector<std::string> swept_in(const ordered_json& json, const Report& report) {
  std::vector<std::string> swept = report.swept;
  for (const ordered_json& key : json.value("swept", ordered_json::array())) {
    if (std::find(swept.begin(), swept.end(), key.get<std::string>()) == swept.end()) {
      swept.push_back(key.get<std::string>());
    }
  }
  return swept;
}

// The times of all repetitions, or the median alone, in milliseconds.
std::vector<double> times_of(const ordered_json& row) {
  const auto times = row.value("ms", std::vector<double>());
  return times.empty() ? std::vector<double>{row["ms_median"].get<double>()} : times;
}

Change change_of(const Row& row, const ordered_json& before) {
  Change change;
  change.has_partner = true;
  change.status_before = before["status"].get<std::string>();
  if (row.status != RowStatus::kOk || change.status_before != name_of(RowStatus::kOk)) {
    return change;
  }
  change.time = ratio_of(row.times_ms(), times_of(before));
  change.ms_before = before["ms_median"].get<double>();
  const double bytes = before["peak_bytes"].is_null() ? 0.0 : before["peak_bytes"].get<double>();
  if (bytes > 0.0 && row.peak_bytes.total > 0.0) {
    change.bytes_before = bytes;
    change.memory = row.peak_bytes.total / bytes;
  }
  return change;
}

// Adds a fact of both profiles if it differs.
void add_difference(const std::string& name,
                    const ordered_json& now,
                    const ordered_json& before,
                    std::vector<std::string>& differences) {
  const auto text = [](const ordered_json& value) {
    return value.is_string() ? value.get<std::string>()
           : value.is_null() ? std::string("unknown")
                             : value.dump();
  };
  std::string line = concat(name, ": ", text(now), ", before ", text(before));
  if (now != before &&
      std::find(differences.begin(), differences.end(), line) == differences.end()) {
    differences.push_back(std::move(line));
  }
}

// The facts of machine, build and inputs that explain other times.
std::vector<std::string> differences_of(const ordered_json& now, const ordered_json& before) {
  std::vector<std::string> differences;
  const auto compare = [&](const char* group, const char* key) {
    const ordered_json nothing = ordered_json::object();
    add_difference(key,
                   now.value(group, nothing).value(key, ordered_json()),
                   before.value(group, nothing).value(key, ordered_json()),
                   differences);
  };
  compare("machine", "device");
  compare("machine", "threads");
  for (const char* key : {"commit", "build_type", "compiler", "flags", "cpu"}) {
    compare("build", key);
  }
  add_difference("inputs",
                 now.value("inputs", ordered_json()),
                 before.value("inputs", ordered_json()),
                 differences);
  return differences;
}

}  // namespace

Comparison compare_with(const EarlierProfile& earlier, const Report& report) {
  Comparison comparison;
  comparison.file = earlier.file;
  const std::vector<std::string> swept = swept_in(earlier.json, report);
  const ordered_json now = to_json(report);
  comparison.differences = differences_of(now, earlier.json);
  const ordered_json& before = earlier.json["rows"];
  std::map<std::string, std::deque<std::size_t>> places;  // of earlier rows, by identity
  for (std::size_t j = 0; j < before.size(); ++j) {
    places[data::json_text(identity_of(before[j], swept))].push_back(j);
  }
  std::vector<bool> matched(before.size(), false);
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const ordered_json& row = now["rows"][i];
    const auto found = places.find(data::json_text(identity_of(row, swept)));
    if (found == places.end() || found->second.empty()) {
      comparison.changes.emplace_back();
      continue;
    }
    const std::size_t partner = found->second.front();
    found->second.pop_front();
    matched[partner] = true;
    comparison.changes.push_back(change_of(report.rows[i], before[partner]));
    for (const char* key : {"device", "dim", "num_experts"}) {
      add_difference(key,
                     row.value(key, ordered_json()),
                     before[partner].value(key, ordered_json()),
                     comparison.differences);
    }
  }
  for (std::size_t j = 0; j < before.size(); ++j) {
    if (!matched[j]) {
      ordered_json identity = identity_of(before[j], swept);
      identity["name"] = before[j].value("name", before[j]["model"].get<std::string>());
      comparison.unmatched.push_back(std::move(identity));
    }
  }
  return comparison;
}

std::vector<std::string> regressions(const Report& report, double limit) {
  std::vector<std::string> found;
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    const Row& row = report.rows[i];
    const Change& change = report.comparison->changes[i];
    if (!change.has_partner) {
      continue;
    }
    const std::string name = row_name(row);
    if (row.status != RowStatus::kOk && change.status_before == name_of(RowStatus::kOk)) {
      found.push_back(concat(name, " ran before, and is ", name_of(row.status), " now"));
    }
    if (change.time && change.time->interval && change.time->interval->low > limit) {
      found.push_back(concat(name,
                             " takes ",
                             number(change.time->value),
                             " times as long (",
                             number(change.time->interval->low),
                             " to ",
                             number(change.time->interval->high),
                             ")"));
    }
    if (change.memory && *change.memory > limit) {
      found.push_back(concat(name, " takes ", number(*change.memory), " times the memory"));
    }
  }
  return found;
}

}  // namespace elastic::profile
