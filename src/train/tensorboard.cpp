#include "train/tensorboard.h"

#include <sstream>

#include "base/input_file.h"
#include "base/visible_text.h"
#include "data/json_document.h"

namespace elastic::train {
namespace {

using nlohmann::ordered_json;

constexpr double kProgressInterval_s = 1.0;

void collect(const std::string& tag, const ordered_json& value, std::vector<Scalar>& scalars) {
  if (value.is_number()) {
    scalars.emplace_back(tag, value.get<double>());
  } else if (value.is_object()) {
    for (const auto& [key, part] : value.items()) {
      collect(tag + "/" + key, part, scalars);
    }
  } else if (value.is_array()) {
    for (std::size_t i = 0; i < value.size(); ++i) {
      collect(tag + "/" + std::to_string(i), value[i], scalars);
    }
  }
}

}  // namespace

std::vector<Scalar> scalars_of(const ordered_json& event) {
  std::vector<Scalar> scalars;
  const std::string group = event.value("event", "metrics");
  for (const auto& [key, value] : event.items()) {
    if (key != "step") {
      collect(group + "/" + key, value, scalars);
    }
  }
  const double seconds = event.value("seconds", 0.0);
  if (event.contains("tokens") && seconds > 0.0) {
    scalars.emplace_back(group + "/tokens_per_s", event["tokens"].get<double>() / seconds);
  }
  return scalars;
}

std::int64_t last_step_of(const std::string& metrics_path) {
  if (!is_present(metrics_path)) {
    return -1;
  }
  std::istringstream file(read_whole_file(metrics_path));
  std::int64_t step = -1;
  for (std::string line; std::getline(file, line);) {
    const ordered_json event = data::parse_json(line);
    if (event.is_object()) {
      const auto found = event.find("step");
      step = found != event.end() && found->is_number_integer() ? found->get<std::int64_t>() : step;
    }
  }
  return step;
}

std::vector<Hparam> hparams_of(const ordered_json& options) {
  std::vector<Hparam> hparams;
  for (const auto& [key, value] : options.items()) {
    if (value.is_number()) {
      hparams.emplace_back(key, value.get<double>());
    } else if (value.is_boolean()) {
      hparams.emplace_back(key, value.get<bool>());
    } else if (value.is_string()) {
      hparams.emplace_back(key, visible(value.get<std::string>()));  // protobuf texts are UTF-8
    }
  }
  return hparams;
}

TensorBoard::TensorBoard(const std::string& path,
                         std::int64_t first_step,
                         const std::vector<Hparam>& options)
    : file_(path) {
  if (first_step > 0) {
    file_.restart_at(first_step);
  }
  file_.write_hparams(options);
}

void TensorBoard::add(const ordered_json& event) {
  file_.write(wall_time_now(), event.value("step", std::int64_t{0}), scalars_of(event));
}

void TensorBoard::add(const Progress& progress, std::int64_t step) {
  const double now = wall_time_now();
  if (now - last_progress_ < kProgressInterval_s) {
    return;
  }
  last_progress_ = now;
  file_.write(now,
              step,
              {{"progress/loss", progress.loss},
               {"progress/learning_rate", progress.learning_rate},
               {"progress/examples_per_s", progress.examples_per_s},
               {"progress/tokens_per_s", progress.tokens_per_s},
               {"progress/memory_peak_bytes", static_cast<double>(progress.memory.total_peak)}});
}

}  // namespace elastic::train
