// `predict --explain`: answers with the interest experts behind them.
#pragma once

#include <cstdint>
#include <string>

#include "cli/asking/questions.h"
#include "cli/asking/recommender.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class Explanations {
 public:
  void declare(OptionTable& table);
  /// Throws UsageError for answers in a format that has no place for experts, and for a number of
  /// events below 1 or without --explain.
  void check(const OptionTable& table, const std::string& format) const;
  /// Throws UsageError if they are asked of a model without experts.
  void check_model(const ModelConfig& config) const;
  /// Adds the experts to an answer about a history, where they are asked for.
  void add(Question& question, Recommender& recommender) const;

 private:
  bool explain_ = false;
  std::int64_t events_ = 3;
};

}  // namespace elastic::cli
