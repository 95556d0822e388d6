// `predict --stream`: reads events, answers each, and keeps the users' states in the run directory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "cli/asking/answer_writer.h"
#include "cli/asking/line_reader.h"
#include "cli/asking/query.h"
#include "cli/asking/recommender.h"
#include "cli/asking/stream_answers.h"
#include "train/run_directory.h"
#include "train/stopwatch.h"

namespace elastic::cli {

class StreamSession {
 public:
  /// Continues from the states in the run directory, if there are any: the states are then as if
  /// the lines of all inputs had been read once, in order. `known`, which may be empty, gives the
  /// earlier events of a user without a state. `parser` is for events. Throws UsageError for a
  /// model that cannot read a stream or a run in use, CheckpointError for states of another model.
  StreamSession(const std::string& run,
                Recommender& recommender,
                QueryParser& parser,
                StreamAnswers::EarlierEvents known);

  /// Answers every line of the input until its end or a signal to stop, in batches of the lines
  /// that have arrived. Saves the states at the end, every `save_every_s` seconds if there are new
  /// events, and on SaveSignal.
  void run(LineReader& input, AnswerWriter& writer, Output& output, double save_every_s);

  /// Skips the lines of `input` that the states already hold, for an input that a killed session
  /// had begun to read. Returns their number. Throws UsageError unless the input begins with those
  /// lines.
  std::int64_t skip_read_lines(LineReader& input);

  [[nodiscard]] std::int64_t num_answered() const { return answers_.num_answered(); }
  [[nodiscard]] std::int64_t num_unanswered() const { return answers_.num_unanswered(); }
  [[nodiscard]] std::int64_t num_malformed() const { return answers_.num_malformed(); }
  [[nodiscard]] std::int64_t num_users() const { return answers_.streams().size(); }
  [[nodiscard]] const std::string& states_path() const { return path_; }

 private:
  void answer_all(std::vector<Query>& batch, AnswerWriter& writer, Output& output);
  void read_all(LineReader& input, AnswerWriter& writer, Output& output, double save_every_s);
  void count_line(const std::string& line);
  void save();
  void save_if_due(double save_every_s);

  train::RunDirectory run_;  ///< locked: two processes would overwrite each other's states
  std::string path_;
  std::string model_hash_;
  QueryParser& parser_;
  StreamAnswers answers_;
  StreamPosition kept_;         ///< in the file when it was loaded
  std::int64_t num_lines_ = 0;  ///< read from this input
  Checksum lines_checksum_;
  StreamPosition position_;  ///< of the states: without the lines of the present batch
  bool changed_ = false;
  train::Stopwatch since_save_;
};

}  // namespace elastic::cli
