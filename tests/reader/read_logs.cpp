// Reads logs for reader_cases.py. Each line of standard input is a JSON list of options and their
// values; each line of output is the log that they read, or the error.
#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/text_field.h"
#include "data/data_config.h"

namespace elastic::data {
namespace {

using nlohmann::ordered_json;

template <class T>
void set(T& field, const std::string& text, const std::string& option) {
  if constexpr (std::is_same_v<T, std::string>) {
    field = text;
  } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
    field.push_back(text);
  } else if constexpr (std::is_arithmetic_v<T>) {
    field = static_cast<T>(std::stod(text));
  } else {
    field = TextField<T>::parse(text, option);
  }
}

DataConfig config_of(const ordered_json& words) {
  DataConfig config;
  for (std::size_t i = 0; i + 1 < words.size(); i += 2) {
    const auto option = words[i].get<std::string>();
    bool known = false;
    visit_options(config, [&](const char* name, auto& field, const auto&...) {
      std::string spelt = concat("--", name);
      std::replace(spelt.begin(), spelt.end(), '_', '-');
      if (spelt == option) {
        known = true;
        set(field, words[i + 1].get<std::string>(), option);
      }
    });
    if (!known) {
      throw UsageError("no option ", option);
    }
  }
  return config;
}

ordered_json log_of(const DataConfig& config) {
  const LoadedData loaded = load_data(config);
  const Dataset& dataset = *loaded.dataset;
  const LogFormat& format = loaded.sources[0].format;
  ordered_json log;
  log["form"] = format.describe();
  log["notes"] = loaded.sources[0].notes;
  const std::string kept = to_json(format).dump();
  log["kept"] = to_json(log_format_from_json(ordered_json::parse(kept))).dump() == kept;
  log["items"] = dataset.num_items();
  log["events"] = dataset.num_events();
  log["sequences"] = ordered_json::object();
  for (std::int32_t user = 0; user < dataset.num_users(); ++user) {
    ordered_json& items = log["sequences"][dataset.user_id(user)] = ordered_json::array();
    for (const std::int32_t item : dataset.sequence(user)) {
      items.push_back(dataset.item_id(item));
    }
  }
  log["titles"] = ordered_json::object();
  for (std::int32_t item = 1; !config.items.empty() && item <= dataset.num_items(); ++item) {
    log["titles"][dataset.item_id(item)] = dataset.title(item);
  }
  return log;
}

}  // namespace
}  // namespace elastic::data

int main() {
  for (std::string line; std::getline(std::cin, line);) {
    nlohmann::ordered_json answer;
    try {
      const auto words = nlohmann::ordered_json::parse(line);
      answer = elastic::data::log_of(elastic::data::config_of(words));
    } catch (const elastic::Error& error) {
      answer["error"] = error.what();
    }
    std::cout << answer.dump() << std::endl;
  }
}
