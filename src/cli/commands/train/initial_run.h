// `train --init-from RUN`: a training that starts from the model of another run.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "cli/options/option_table.h"
#include "data/item_encoding.h"
#include "model/model.h"
#include "tensor/safetensors.h"
#include "train/items_file.h"
#include "train/optimizer.h"

namespace elastic::cli {

class InitialRun {
 public:
  /// Declares --init-from and --init-moments in the present group.
  void declare(OptionTable& table);
  /// True if the training starts from another run.
  [[nodiscard]] bool is_set() const { return !path_.empty(); }
  /// Throws UsageError for --init-moments alone. Makes the path independent of the current folder.
  void check();
  /// Sets the options in the group of the model to those of RUN. Throws UsageError naming an option
  /// that is set to another value, and if there is no run; CheckpointError if its files are
  /// unusable.
  void take_options(const OptionTable& table);
  /// The encoding of the features of RUN, nullopt if it has none. `item_vectors` is the option's
  /// value. Throws UsageError if only one of RUN and this training has item vectors.
  std::optional<data::ItemEncoding> item_encoding(const std::string& item_vectors);
  /// Copies the weights of RUN to `model`, whose items are `items`, and returns a sentence about
  /// them. Throws CheckpointError.
  std::string copy_weights(const Model& model, const std::vector<train::ItemName>& items);
  /// A function that copies the moments of RUN to the optimiser of `model`; empty without
  /// --init-moments. To be called after copy_weights. The function throws CheckpointError.
  [[nodiscard]] std::function<void(train::Optimizer&)> start_moments(const Model& model) const;

 private:
  struct Source {
    ModelConfig config;
    Safetensors weights;  ///< under the names of the parameters
    std::string run;      ///< as in RunIdentity
    std::string items_hash;
    std::string item_encoding;
  };
  const Source& source();

  std::string path_;
  bool moments_ = false;
  std::optional<Source> source_;    ///< once it is read
  std::vector<std::int32_t> rows_;  ///< of the items, in RUN; after copy_weights
};

}  // namespace elastic::cli
