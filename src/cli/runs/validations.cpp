#include "cli/runs/validations.h"

#include <sstream>
#include <utility>

#include "base/input_file.h"
#include "cli/runs/run_files.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// The value of `key` if it is a number, else `other`.
double number_at(const ordered_json& event, const char* key, double other) {
  const auto found = event.find(key);
  return found != event.end() && found->is_number() ? found->get<double>() : other;
}

std::optional<Validation> validation_of(const std::string& line) {
  const ordered_json event = data::parse_json(line);
  if (!event.is_object() || !event.contains("event") || event["event"] != "evaluation") {
    return std::nullopt;
  }
  Validation validation;
  validation.epoch = static_cast<std::int64_t>(number_at(event, "epoch", 0.0));
  validation.best = event.contains("best") && event["best"] == true;
  validation.elapsed_s = number_at(event, "elapsed_s", 0.0);
  validation.metrics = ordered_json::object();
  for (const auto& [key, value] : event.items()) {
    if (key.find('@') != std::string::npos && value.is_number()) {
      validation.metrics[key] = value;
    }
  }
  return validation;
}

}  // namespace

std::vector<Validation> read_validations(const std::string& run) {
  std::vector<Validation> all;
  const std::string path = file_of(run, "metrics.jsonl");
  if (!is_present(path)) {
    return all;
  }
  std::istringstream file(read_whole_file(path));
  for (std::string line; std::getline(file, line);) {
    if (std::optional<Validation> one = validation_of(line)) {
      all.push_back(std::move(*one));
    }
  }
  return all;
}

std::optional<Validation> best_validation(const std::vector<Validation>& all,
                                          const std::string& metric,
                                          std::int64_t last) {
  const Validation* best = nullptr;
  for (const Validation& one : all) {
    if (one.epoch <= last && one.metrics.contains(metric) &&
        (best == nullptr ||
         one.metrics[metric].get<double>() > best->metrics[metric].get<double>())) {
      best = &one;
    }
  }
  return best == nullptr ? std::nullopt : std::optional(*best);
}

ordered_json validation_json(const std::string& run, std::int64_t epoch) {
  ordered_json json;
  for (const Validation& one : read_validations(run)) {
    if (one.best && one.epoch == epoch) {
      json = {{"epoch", one.epoch}, {"metrics", one.metrics}};
    }
  }
  return json;
}

}  // namespace elastic::cli
