#include "cli/commands/predict/explanations.h"

#include "base/error.h"
#include "cli/asking/explanation.h"

namespace elastic::cli {

void Explanations::declare(OptionTable& table) {
  table
      .add("explain",
           &explain_,
           "add the interest experts of a history, and the events that they attend to")
      .flag_only();
  table.add("explain_events", &events_, "events shown per expert")
      .within(counts_from(1))
      .flag_only();
}

void Explanations::check(const OptionTable& table, AnswerFormat format) const {
  if (explain_ && format == AnswerFormat::kTsv) {
    throw UsageError("--explain: expected -o jsonl or table, got tsv");
  }
  if (!explain_ && table.find("explain_events").is_set()) {
    throw UsageError("--explain-events is for --explain");
  }
}

void Explanations::check_model(const ModelConfig& config) const {
  if (explain_) {
    require_experts(config);
  }
}

void Explanations::add(Question& question, Recommender& recommender) const {
  if (explain_ && question.item == 0) {
    question.answer.experts =
        explain(recommender, {question.history, question.history_times()}, events_);
  }
}

}  // namespace elastic::cli
