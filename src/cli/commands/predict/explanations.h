// `predict --explain`: adds interest experts to answers.
#pragma once

#include <cstdint>

#include "cli/asking/answer_writer.h"
#include "cli/asking/question.h"
#include "cli/asking/recommender.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class Explanations {
 public:
  void declare(OptionTable& table);
  /// Throws UsageError for a format of answers that cannot hold experts, and for --explain-events
  /// without --explain.
  void check(const OptionTable& table, AnswerFormat format) const;
  /// Throws UsageError if the model has no experts to explain with.
  void check_model(const ModelConfig& config) const;
  /// With --explain, adds the experts to an answer about a history.
  void add(Question& question, Recommender& recommender) const;

 private:
  bool explain_ = false;
  std::int64_t events_ = 3;
};

}  // namespace elastic::cli
