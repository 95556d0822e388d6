// A tiny data set and models that train on it in seconds.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "data/split.h"
#include "model/item_vectors.h"
#include "model/registry.h"
#include "temporary_folder.h"
#include "test_device.h"
#include "train/trainer.h"

namespace elastic::train {

inline constexpr std::int32_t kTinyItems = 12;

/// 24 users with `shortest` to `shortest` + 9 events. The history of user u starts at item u and
/// advances by 1, 5 or 7, so the next item follows from the last two.
inline data::Split tiny_split(std::int32_t shortest = 4) {
  std::vector<std::int64_t> offsets{0};
  std::vector<std::int32_t> items;
  data::IdMap users;
  data::IdMap item_ids;
  for (std::int32_t item = 1; item <= kTinyItems; ++item) {
    item_ids.add("item " + std::to_string(item));
  }
  for (std::int32_t user = 0; user < 24; ++user) {
    const std::int32_t step = user % 3 == 0 ? 1 : user % 3 == 1 ? 5 : 7;
    for (std::int32_t i = 0; i < shortest + user % 10; ++i) {
      items.push_back(1 + (user + i * step) % kTinyItems);
    }
    offsets.push_back(static_cast<std::int64_t>(items.size()));
    users.add("user " + std::to_string(user));
  }
  return data::Split(std::make_shared<const data::Dataset>(
      std::move(offsets), std::move(items), std::move(users), std::move(item_ids)));
}

inline ModelConfig tiny_model_config(const std::string& model) {
  ModelConfig config;
  config.model = model;
  config.dim = 16;
  config.num_heads = 2;
  config.num_layers = 2;
  config.ffn_dim = 32;
  config.max_len = 6;
  config.dropout = 0.2;
  config.num_experts = 4;
  config.retrieval.pool_subkeys = 4;
  config.retrieval.key_dim = 8;
  config.retrieval.query_stride = 2;
  config.lisa.num_codebooks = 2;
  config.lisa.codebook_size = 8;
  config.num_items = kTinyItems;
  return config;
}

inline TrainConfig tiny_train_config() {
  TrainConfig config;
  config.epochs = 3;
  config.batch_size = 7;
  config.optimizer.learning_rate = 1e-2;
  config.limits.save_every_s = 1e6;
  config.threads = 1;  // too little work for more
  return config;
}

/// Trains a new model in the run directory `path`, or resumes the run there.
struct TinyRun {
  ModelConfig model_config = tiny_model_config("softmax");
  TrainConfig config = tiny_train_config();
  TrainObserver observer;
  std::string data_hash = "tiny";
  double report_every_s = 1e6;
  eval::RankingRules rules;  ///< of the evaluations
  std::atomic<bool>* save_now = nullptr;
  const Teacher* teacher = nullptr;
  std::int64_t stop_after = 0;  ///< steps in all; 0: never
  std::optional<FixedEpochs> fixed;
  std::vector<float> item_features;  ///< [items, J] for a model with item vectors
  data::Split split = tiny_split();
  std::unique_ptr<Model> model;  ///< after `train`

  TrainResult train(const std::string& path, bool resume = false) {
    model = make_model(
        model_config, static_cast<std::uint64_t>(config.seed), DType::kFloat32, test_device());
    if (!item_features.empty()) {
      set_item_features(*model, item_features);
    }
    const RunDirectory run = resume ? RunDirectory::resume(path) : RunDirectory::create(path);
    if (!resume) {
      run.write_json("config.json", {});
    }
    std::atomic<int> stop = 0;
    TrainObserver with_stop = observer;
    with_stop.step = [&](std::int64_t step) {
      if (observer.step) {
        observer.step(step);
      }
      if (step == stop_after) {
        stop = 1;
      }
    };
    TrainerOptions options;
    options.resume = resume;
    options.data_hash = data_hash;
    options.report_every_s = report_every_s;
    options.evaluation.rules = rules;
    options.fixed = fixed;
    options.stop = &stop;
    options.save_now = save_now;
    options.teacher = teacher;
    return Trainer(*model, split, config, run, options, with_stop).run();
  }
};

}  // namespace elastic::train
