// Converts configs to and from JSON, option by option as their `visit_options` declares them.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <type_traits>

#include "base/choice.h"
#include "base/error.h"
#include "base/text_field.h"
#include "model/model_config.h"
#include "train/train_config.h"

namespace elastic::train {

/// All options under their names, in the order of declaration.
template <class Config>
nlohmann::ordered_json options_to_json(const Config& config) {
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  visit_options(config, [&](const char* name, const auto& field, const auto&...) {
    using Field = std::remove_cvref_t<decltype(field)>;
    if constexpr (IsTextField<Field>) {
      result[name] = TextField<Field>::text(field);
    } else {
      result[name] = field;
    }
  });
  return result;
}

/// True if a JSON value converts to an option of this type without loss.
template <class Field>
bool fits(const nlohmann::ordered_json& value) {
  if constexpr (std::is_same_v<Field, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_same_v<Field, double>) {
    return value.is_number();
  } else if constexpr (std::is_same_v<Field, std::int64_t>) {
    return value.is_number_integer();
  } else {
    return value.is_string();
  }
}

/// A choice by its saved text. Throws CheckpointError, since the file is at fault and not the user.
template <IsTextField Field>
Field parse_saved(const std::string& text, const std::string& source) {
  try {
    return TextField<Field>::parse(text, source);
  } catch (const UsageError& error) {
    throw CheckpointError(error.what());
  }
}

/// Sets the options in `json` and removes them from it, so that only unknown ones remain for the
/// caller. Throws CheckpointError naming `source` and the option if a value has another type or is
/// not among the option's choices.
template <class Config>
void take_options(nlohmann::ordered_json& json, Config& config, const std::string& source) {
  visit_options(config, [&](const char* name, auto& field, const auto&...) {
    using Field = std::remove_reference_t<decltype(field)>;
    const auto found = json.find(name);
    if (found == json.end()) {
      return;
    }
    if (!fits<Field>(*found)) {
      throw CheckpointError(source, ": option '", name, "' has a value of another type: ", *found);
    }
    if constexpr (IsTextField<Field>) {
      field = parse_saved<Field>(found->template get<std::string>(), concat(source, ": ", name));
    } else {
      field = found->template get<Field>();
    }
    json.erase(found);
  });
}

/// Adds to the saved options of a run those that files of earlier versions lack, with the values
/// that these versions trained with: a new option's default, unless that changes the training.
template <class Json>
void add_former_values(Json& options) {
  const auto add = [&](const std::string& name, const auto& value) {
    if (!options.contains(name)) {
      options[name] = value;
    }
  };
  add("train_seen", choice_name(TrainSeen::kKeep));
  for (const auto& defaults : {options_to_json(ModelConfig{}), options_to_json(TrainConfig{})}) {
    for (const auto& [name, value] : defaults.items()) {
      add(name, value);
    }
  }
}

/// Adds the sizes of a model that come from the data: `num_items` and, with item vectors,
/// `num_item_features`.
void put_sizes(const ModelConfig& config, nlohmann::ordered_json& json);
/// The model's options and these sizes, as stored in the metadata of a saved model.
std::string model_config_to_text(const ModelConfig& config);
/// The inverse. Throws CheckpointError naming `source` and the key.
ModelConfig model_config_from_text(const std::string& text, const std::string& source);

}  // namespace elastic::train
