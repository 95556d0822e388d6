#include "cli/commands/train/initial_run.h"

#include <fmt/format.h>

#include <filesystem>
#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/options/model_flags.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "data/json_document.h"
#include "train/checkpoint.h"
#include "train/config_json.h"
#include "train/initial_weights.h"

namespace elastic::cli {

void InitialRun::declare(OptionTable& table) {
  table.add("init_from",
            &path_,
            "start from the model of this run: its options, its weights, and the rows of the items "
            "that both have; other items start as usual");
  table.find("init_from").value_name = "RUN";
  table.add("init_moments", &moments_, "with --init-from: take over the optimiser's moments too");
}

void InitialRun::check() {
  if (moments_ && !is_set()) {
    throw UsageError("--init-moments: expected the run to take them from; add --init-from RUN");
  }
  if (is_set()) {
    path_ = std::filesystem::absolute(path_).lexically_normal().string();
  }
}

const InitialRun::Source& InitialRun::source() {
  if (source_) {
    return *source_;
  }
  if (!is_present(path_ + "/config.json") && !is_present(path_ + "/model.safetensors")) {
    throw UsageError("--init-from: there is no run in ", path_);
  }
  const train::SavedModel saved = load_run_model(path_, Device::kCpu);
  Source source;
  source.config = saved.model->config();
  source.weights.path = file_of(path_, "model.safetensors");
  source.weights.tensors = train::named_parameters(saved.model->parameters(), "");
  source.run = saved.info.identity.run;
  source.items_hash = saved.info.identity.items_hash;
  source.item_encoding = saved.info.item_encoding;
  return source_.emplace(std::move(source));
}

void InitialRun::take_options(const OptionTable& table) {
  const nlohmann::ordered_json values = train::options_to_json(source().config);
  for (const auto& option : table.options()) {
    if (option->group != kModelGroup) {
      continue;
    }
    const nlohmann::json value = values.at(option->key);
    if (to_json(option->target) == value) {
      continue;
    }
    if (option->is_set()) {
      throw UsageError(option->source,
                       ": expected ",
                       option->key,
                       " ",
                       data::json_text(value),
                       ", as in the model of --init-from ",
                       path_,
                       ", got ",
                       data::json_text(to_json(option->target)),
                       "; leave it out");
    }
    option->set(value, path_);
    option->source = path_;
  }
}

std::optional<data::ItemEncoding> InitialRun::item_encoding(const std::string& item_vectors) {
  const std::string& former = source().item_encoding;
  if (former.empty() != item_vectors.empty()) {
    throw UsageError("--init-from: ",
                     former.empty() ? "expected a model with item vectors, as --item-vectors asks; "
                                      "leave it out, or start from a run that was trained with it: "
                                    : "the model has item vectors; add --item-vectors FILE: ",
                     path_);
  }
  return former.empty() ? std::nullopt
                        : std::optional(data::ItemEncoding::parse(former, source().weights.path));
}

std::string InitialRun::copy_weights(const Model& model,
                                     const std::vector<train::ItemName>& items) {
  const std::vector<train::ItemName> former =
      train::read_items(file_of(path_, train::kItemsFile), source().items_hash);
  rows_ = train::former_rows(former, items);
  train::copy_weights(source().weights, rows_, model);
  const std::int64_t known = train::num_known(rows_);
  return fmt::format("start from {}: {} of {} items known, {} new, {} dropped",
                     path_,
                     known,
                     items.size(),
                     static_cast<std::int64_t>(items.size()) - known,
                     static_cast<std::int64_t>(former.size()) - known);
}

std::function<void(train::Optimizer&)> InitialRun::start_moments(const Model& model) const {
  if (!moments_) {
    return {};
  }
  return [this, &model](train::Optimizer& optimizer) {
    const std::string path = file_of(path_, "checkpoints/latest.safetensors");
    const train::SavedMoments moments = train::read_moments(path);
    train::check_same_run(path, moments.run, source_->run);
    train::copy_moments(moments.file, rows_, moments.num_steps, model, optimizer);
  };
}

}  // namespace elastic::cli
