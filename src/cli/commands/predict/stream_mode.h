// `predict --stream`: reads events as they happen and answers each.
#pragma once

#include "cli/asking/stream_session.h"
#include "cli/commands/predict/predict_call.h"
#include "cli/options/option_table.h"

namespace elastic::cli {

class StreamMode {
 public:
  void declare(OptionTable& table);
  [[nodiscard]] bool chosen() const { return stream_; }
  /// Throws UsageError for options that do not go with --stream, or need it.
  void check(const OptionTable& table) const;
  /// Answers every event of the input until its end or a signal to stop. Returns the exit code.
  /// Throws as StreamSession and judge_lines.
  int run(PredictCall& call) const;

 private:
  [[nodiscard]] StreamAnswers::EarlierEvents earlier_events(KnownUsers& users) const;

  bool stream_ = false;
  bool from_data_ = false;
  bool resume_ = false;
  double save_every_s_ = 60.0;
};

}  // namespace elastic::cli
