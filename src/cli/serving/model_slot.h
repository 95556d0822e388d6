// The model that answers now.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "cli/serving/served_model.h"

namespace elastic::cli {

/// May be used on several threads at once. Requests in progress keep the model that they began
/// with.
class ModelSlot {
 public:
  explicit ModelSlot(std::shared_ptr<ServedModel> model) : model_(std::move(model)) {}

  [[nodiscard]] std::shared_ptr<ServedModel> current() const {
    const std::scoped_lock lock(mutex_);
    return model_;
  }
  void replace(std::shared_ptr<ServedModel> model) {
    const std::scoped_lock lock(mutex_);
    model_.swap(model);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<ServedModel> model_;
};

}  // namespace elastic::cli
