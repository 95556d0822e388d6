// `predict --embeddings`: writes vectors of items or users to a file, instead of answers.
#pragma once

#include <string>

#include "cli/commands/predict/predict_call.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class VectorMode {
 public:
  void declare(OptionTable& table);
  [[nodiscard]] bool chosen() const { return !embeddings_.empty(); }
  /// Throws UsageError for options that do not go together. `input` is the input's name.
  void check(const OptionTable& table, const std::string& input) const;
  /// Writes the vectors of all items, of all users, or of the histories in the input. Returns the
  /// exit code. Throws as EmbeddingExport and Questions::finish.
  int run(PredictCall& call) const;

 private:
  std::string embeddings_;  ///< "items", "users", or "" for answers
  std::string out_;
};

}  // namespace elastic::cli
