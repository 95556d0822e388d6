// `predict` without --stream and --embeddings: answers each question.
#pragma once

#include <string>

#include "cli/asking/questions.h"
#include "cli/commands/predict/explanations.h"
#include "cli/commands/predict/predict_call.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class QuestionMode {
 public:
  /// Declares --candidates and the options of explanations in the present group.
  void declare(OptionTable& table);
  /// Throws UsageError for options that exclude each other. `format` is that of the answers.
  void check(const OptionTable& table, AnswerFormat format) const;
  /// Throws UsageError if the model cannot give the requested explanations.
  void check_model(const ModelConfig& config) const { explanations_.check_model(config); }
  /// Answers every line of the input. Returns the exit code. Throws DataError if no candidate is
  /// known, and as Questions::finish.
  int run(PredictCall& call) const;

 private:
  void read_candidates(PredictCall& call) const;
  void answer(Questions::Batch& batch, PredictCall& call) const;

  std::string candidates_;
  Explanations explanations_;
};

}  // namespace elastic::cli
