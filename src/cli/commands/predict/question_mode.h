// `predict` without --stream and --embeddings: answers each question.
#pragma once

#include "cli/asking/popular_items.h"
#include "cli/asking/questions.h"
#include "cli/commands/predict/explanations.h"
#include "cli/commands/predict/predict_call.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class QuestionMode {
 public:
  /// Declares --all-users and --all-items in the present group.
  void declare_whole(OptionTable& table);
  /// Declares --fallback and the options of explanations in the present group.
  void declare(OptionTable& table);
  /// Throws UsageError for options that exclude each other. `format` is that of the answers.
  void check(const OptionTable& table, AnswerFormat format) const;
  /// Throws UsageError if the model cannot give the requested explanations.
  void check_model(const ModelConfig& config) const { explanations_.check_model(config); }
  /// Answers every line of the input, or all users or items. Returns the exit code. Throws as
  /// Questions::finish.
  int run(PredictCall& call) const;

 private:
  void answer_whole(PredictCall& call, const PopularItems* fallback) const;
  void answer(Questions::Batch& batch, PredictCall& call) const;

  bool all_users_ = false;
  bool all_items_ = false;
  Fallback fallback_ = Fallback::kNone;
  Explanations explanations_;
};

}  // namespace elastic::cli
