#include "cli/runs/run_model.h"

#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_data.h"
#include "cli/runs/run_files.h"
#include "data/content_hash.h"
#include "data/json_document.h"
#include "train/items_file.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

std::string model_file(const std::string& run) {
  return file_of(run, "model.safetensors");
}

// Options of the data by their former spellings too.
nlohmann::json normalised(const std::string& key, const nlohmann::json& value) {
  data::DataConfig unused;
  OptionTable table;
  declare_data(table, unused);
  for (const auto& option : table.options()) {
    if (option->key == key) {
      return option->normalised(value);
    }
  }
  return value;
}

// The rules of ranking are the run's defaults for answers too, which its owner may edit.
bool may_be_edited(const std::string& key) {
  return key == "filter_seen" || key == "repeats";
}

void check_config(const std::string& run, const train::SavedModelInfo& model) {
  const std::string path = file_of(run, "config.json");
  if (!is_present(path)) {
    return;
  }
  const ConfigLayer config = read_run_config(run);
  ordered_json options = data::parse_json(model.identity.options);
  if (!options.is_object()) {
    options = {{"seed", model.seed}, {"loss", model.loss}};  // of an earlier version
  }
  for (const auto& [key, trained] : options.items()) {
    if (!may_be_edited(key) && config.values.contains(key) &&
        normalised(key, config.values[key]) != normalised(key, trained)) {
      throw CheckpointError(model_file(run),
                            ": belongs to another run: it was trained with ",
                            key,
                            " = ",
                            data::json_text(trained),
                            ", ",
                            path,
                            " says ",
                            data::json_text(config.values[key]));
    }
  }
}

void check_data(const std::string& run, const train::SavedModelInfo& model) {
  const std::string path = file_of(run, "data.json");
  if (!is_present(path)) {
    return;
  }
  const ordered_json data = train::read_json_object(path);
  train::check_same_run(model_file(run), model.identity.run, text_at(data, kRunHash));
  const std::string trained_on = data.contains("split") ? text_at(data["split"], "hash") : "";
  if (!trained_on.empty() && trained_on != model.data_hash) {
    throw CheckpointError(model_file(run),
                          ": belongs to another run: it was trained on the data ",
                          model.data_hash,
                          ", ",
                          path,
                          " describes ",
                          trained_on);
  }
}

}  // namespace

std::string text_at(const ordered_json& object, const char* key) {
  return object.contains(key) && object[key].is_string() ? object[key].get<std::string>() : "";
}

train::RunIdentity recorded_identity(const std::string& run, train::RunIdentity identity) {
  const ordered_json data = train::read_json_object(file_of(run, "data.json"));
  identity.run = text_at(data, kRunHash);
  identity.items_hash = text_at(data, kItemsHash);
  const std::string sources = file_of(run, "sources.json");
  if (is_present(sources)) {
    const ordered_json values = train::read_json_object(sources);
    train::check_same_run(sources, text_at(values, kRunHash), identity.run);
  }
  return identity.run.empty() ? train::RunIdentity{} : identity;
}

void check_model_of_run(const std::string& run, const train::SavedModelInfo& model) {
  check_config(run, model);
  check_data(run, model);
}

void check_items_of_run(const std::string& run, const train::SavedModelInfo& model) {
  const std::string path = file_of(run, train::kItemsFile);
  if (is_present(path)) {
    train::check_items(path, model.identity.items_hash);
  }
}

std::string model_file_hash(const std::string& run) {
  data::ContentHash hash;
  hash.add(read_whole_file(model_file(run)));
  return hash.hex();
}

train::SavedModel load_run_model(const std::string& run, Device device) {
  train::SavedModel saved = train::load_saved_model(run, device);
  check_model_of_run(run, saved.info);
  return saved;
}

}  // namespace elastic::cli
