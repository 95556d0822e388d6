// `predict --stream`: reads events, answers each, and keeps the users' states in the run directory.
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
#include "eval/seen_items.h"
#include "train/run_directory.h"
#include "train/stopwatch.h"

namespace elastic::cli {

class StreamSession {
 public:
  /// Events of a user, oldest first; the times in whole seconds are of a model that reads times.
  struct Events {
    std::vector<std::int32_t> items;
    std::vector<std::int64_t> times{};
  };
  /// The events of a user in the data; none for a user who is not in it.
  using EarlierEvents = std::function<Events(const std::string& user)>;

  /// Continues from the states in the run directory, if there are any: the states are then as if
  /// the lines of all inputs had been read once, in order. `known`, which may be empty, gives the
  /// earlier events of a user without a state. `parser` is for events. Throws UsageError for a
  /// model that cannot read a stream or a run in use, CheckpointError for states of another model.
  StreamSession(const std::string& run,
                Recommender& recommender,
                QueryParser& parser,
                EarlierEvents known);

  /// Answers every line of the input until its end or a signal to stop, in batches of the lines
  /// that have arrived. Saves the states at the end, every `save_every_s` seconds if there are new
  /// events, and on SaveSignal.
  void run(LineReader& input, AnswerWriter& writer, Output& output, double save_every_s);

  /// Skips the lines of `input` that the states already hold, for an input that a killed session
  /// had begun to read. Returns their number. Throws UsageError unless the input begins with those
  /// lines.
  std::int64_t skip_read_lines(LineReader& input);

  [[nodiscard]] std::int64_t num_answered() const { return num_answered_; }
  [[nodiscard]] std::int64_t num_unanswered() const { return num_unanswered_; }
  [[nodiscard]] std::int64_t num_malformed() const { return num_malformed_; }
  [[nodiscard]] std::int64_t num_users() const { return streams_.size(); }
  [[nodiscard]] const std::string& states_path() const { return path_; }

 private:
  // A line without an answer so far.
  struct Pending {
    Answer answer;
    Stream* stream = nullptr;       ///< null if the answer is an error
    Events added;                   ///< by the line
    std::size_t events_before = 0;  ///< of this user in the batch, up to and with this line
  };
  Pending prepare(const Query& query);
  // Sets the items that the line adds to the user's stream, null for a user without one.
  void find_new_items(const Query& query, const Stream* stream, Pending& pending) const;
  // Updates the users' states with the events of the batch. Returns the model's state [D] for each
  // line that gets an answer.
  std::vector<std::vector<float>> advance(const std::vector<Pending>& batch);
  // Adds the items of these lines to the users' seen items. Returns the items to leave out of each
  // answer.
  [[nodiscard]] eval::ExcludedItems add_seen_items(const std::vector<Pending>& batch) const;
  void answer_all(std::vector<Pending>& batch, AnswerWriter& writer, Output& output);
  void read_all(LineReader& input, AnswerWriter& writer, Output& output, double save_every_s);
  void count_line(const std::string& line);
  void save();
  void save_if_due(double save_every_s);

  train::RunDirectory run_;  ///< locked: two processes would overwrite each other's states
  std::string path_;
  std::string model_hash_;
  Recommender& recommender_;
  QueryParser& parser_;
  Streams streams_;
  EarlierEvents known_;
  StreamPosition kept_;         ///< in the file when it was loaded
  std::int64_t num_lines_ = 0;  ///< read from this input
  Checksum lines_checksum_;
  StreamPosition position_;  ///< of the states: without the lines of the present batch
  bool changed_ = false;
  train::Stopwatch since_save_;
  std::int64_t num_answered_ = 0;
  std::int64_t num_unanswered_ = 0;
  std::int64_t num_malformed_ = 0;
};

}  // namespace elastic::cli
