// `predict --stream`: events come in, answers go out, users' pasts are kept with the run.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/checksum.h"
#include "cli/asking/answer_writer.h"
#include "cli/asking/line_reader.h"
#include "cli/asking/query.h"
#include "cli/asking/recommender.h"
#include "cli/asking/streams.h"
#include "train/run_directory.h"
#include "train/stopwatch.h"

namespace elastic::cli {

class StreamSession {
 public:
  /// The events of a user that the data holds, oldest first; empty for others.
  using EarlierEvents = std::function<std::vector<std::int32_t>(const std::string& user)>;

  /// Goes on from the states that the run keeps, if it has any. `known`, which may be empty, tells
  /// what a user who is new to the streams has had before. Throws UsageError for a model that
  /// cannot read a stream, or a run in use; CheckpointError for states of another model. Users'
  /// states are as if the lines of all inputs had been read once, in order.
  StreamSession(const std::string& run, Recommender& recommender, EarlierEvents known);

  /// Answers every line of the input, until its end or a signal to stop, in batches of what has
  /// come; saves the states then, every `save_every_s` seconds while there is something new, and
  /// when SaveSignal asks.
  void run(LineReader& input, AnswerWriter& writer, Output& output, double save_every_s);

  /// Reads past the lines of `input` that the states hold already, without an answer: the input of
  /// a session that was killed, from its beginning. Returns how many. Throws UsageError unless the
  /// input begins with those lines.
  std::int64_t skip_read_lines(LineReader& input);

  [[nodiscard]] std::int64_t num_answered() const { return num_answered_; }
  [[nodiscard]] std::int64_t num_unanswered() const { return num_unanswered_; }
  [[nodiscard]] std::int64_t num_malformed() const { return num_malformed_; }
  [[nodiscard]] std::int64_t num_users() const { return streams_.size(); }
  [[nodiscard]] const std::string& states_path() const { return path_; }

 private:
  // A line on its way to its answer.
  struct Pending {
    Answer answer;
    Stream* stream = nullptr;         ///< none when the answer is an error
    std::vector<std::int32_t> items;  ///< that the line adds
    std::size_t events_before = 0;    ///< events of this user in the batch, with this line's
  };
  Pending prepare(const Query& query);
  void answer_all(std::vector<Pending>& batch, AnswerWriter& writer, Output& output);
  void read_all(LineReader& input, AnswerWriter& writer, Output& output, double save_every_s);
  void count_line(const std::string& line);
  void save();
  void save_if_due(double save_every_s);

  train::RunDirectory run_;  ///< locked: two processes would overwrite each other's states
  std::string path_;
  std::string model_hash_;
  Recommender& recommender_;
  Streams streams_;
  EarlierEvents known_;
  StreamPosition kept_;         ///< of the file, when it was loaded
  std::int64_t num_lines_ = 0;  ///< read of this input
  Checksum lines_checksum_;
  StreamPosition position_;  ///< of the states: behind `num_lines_` by the next batch
  bool changed_ = false;
  train::Stopwatch since_save_;
  std::int64_t num_answered_ = 0;
  std::int64_t num_unanswered_ = 0;
  std::int64_t num_malformed_ = 0;
};

}  // namespace elastic::cli
