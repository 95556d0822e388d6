#include "cli/commands/predict/stream_mode.h"

#include <fmt/format.h>

#include "base/error.h"
#include "cli/asking/line_reader.h"
#include "cli/asking/questions.h"
#include "cli/options/option_conflicts.h"
#include "cli/runs/save_signal.h"
#include "cli/runs/stop_signals.h"

namespace elastic::cli {

void StreamMode::declare(OptionTable& table) {
  table.add("stream", &stream_, "a line is an event; see above").flag_only();
  table
      .add("from_data",
           &from_data_,
           "start users who are new to the stream with their events in the data")
      .flag_only();
  table
      .add("resume",
           &resume_,
           "read the same input again from its beginning, skipping lines that were processed")
      .flag_only();
  table.add("save_every_s", &save_every_s_, "seconds between saves of the users' states")
      .within(kSeconds)
      .flag_only();
}

void StreamMode::check(const OptionTable& table) const {
  if (stream_) {
    refuse_flags(table,
                 "--stream",
                 {"users",
                  "histories",
                  "similar",
                  "all_users",
                  "all_items",
                  "fallback",
                  "explain",
                  "embeddings"});
  } else if (from_data_ || resume_) {
    throw UsageError(from_data_ ? "--from-data" : "--resume", " is for --stream");
  }
}

StreamAnswers::EarlierEvents StreamMode::earlier_events(KnownUsers& users) const {
  if (!from_data_) {
    return {};
  }
  users.read();  // fails before the first event
  return [&users](const std::string& user) { return users.history(user).value_or(KnownItems{}); };
}

int StreamMode::run(PredictCall& call) const {
  StreamSession session(call.run, call.recommender, call.parser, earlier_events(call.known_users));
  if (session.num_users() > 0) {
    call.note(
        fmt::format("{}: continuing with {} users", session.states_path(), session.num_users()));
  }
  const SaveSignal save_signal;
  LineReader reader(call.input, &StopSignals::received());
  if (resume_) {
    const std::int64_t skipped = session.skip_read_lines(reader);
    call.note(fmt::format("{}: skipped {} lines that were read before", reader.name(), skipped));
  }
  const StopSignals signals;
  session.run(reader, call.writer, call.output, save_every_s_);
  if (const int signal = StopSignals::received()) {
    call.note(fmt::format(
        "{}: the states of {} users are saved", session.states_path(), session.num_users()));
    return 128 + signal;
  }
  call.note(judge_lines(
      reader.name(), session.num_answered(), session.num_unanswered(), session.num_malformed()));
  return 0;
}

}  // namespace elastic::cli
