// `predict --embeddings`: writes vectors of items or users to a file, instead of answers.
#pragma once

#include <optional>
#include <string>

#include "base/choice.h"
#include "cli/commands/predict/predict_call.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

/// The subjects of the vectors.
enum class Embeddings { kItems, kUsers };
constexpr auto choices_of(Embeddings) {
  using enum Embeddings;
  return std::to_array<Choice<Embeddings>>(
      {{kItems, "items"}, {kUsers, "users", "the states of the users in FILE, or of all users"}});
}

class VectorMode {
 public:
  void declare(OptionTable& table);
  [[nodiscard]] bool chosen() const { return embeddings_.has_value(); }
  /// Throws UsageError for options that do not go together. `input` is the input's name.
  void check(const OptionTable& table, const std::string& input) const;
  /// Writes the vectors of all items, of all users, or of the histories in the input. Returns the
  /// exit code. Throws as EmbeddingExport and Questions::finish.
  int run(PredictCall& call) const;

 private:
  std::optional<Embeddings> embeddings_;  ///< no value: answers
  std::string out_;
};

}  // namespace elastic::cli
