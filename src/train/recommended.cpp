#include "train/recommended.h"

namespace elastic::train {

ModelConfig recommended_model() {
  ModelConfig config;
  config.model = "elastic-window";
  config.window = 16;
  config.dropout = 0.2;
  config.logits.kind = LogitKind::kCosine;
  return config;
}

double recommended_dropout(std::int64_t num_train_events) {
  return num_train_events < 500'000 ? 0.4 : 0.2;
}

TrainConfig recommended_training() {
  TrainConfig config;
  config.epochs = 20;
  config.batch_size = 64;
  config.optimizer.learning_rate = 2e-3;
  config.optimizer.schedule = Schedule::kCosine;
  config.loss.kind = LossKind::kAuto;
  return config;
}

}  // namespace elastic::train
