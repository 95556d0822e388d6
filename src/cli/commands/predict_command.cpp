#include <memory>
#include <utility>

#include "cli/asking/answer_writer.h"
#include "cli/asking/known_users.h"
#include "cli/asking/recommender.h"
#include "cli/commands/predict/plain_lines.h"
#include "cli/commands/predict/predict_call.h"
#include "cli/commands/predict/question_mode.h"
#include "cli/commands/predict/stream_mode.h"
#include "cli/commands/predict/vector_mode.h"
#include "cli/options/output_format.h"
#include "cli/options/session_options.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/runs/run_files.h"
#include "cli/usage/command.h"
#include "train/saved_model.h"

namespace elastic::cli {
namespace {

constexpr const char* kDescription =
    "recommend items for known users or for any history\n"
    "\n"
    "  echo 42 | elastic predict runs/first -o table\n"
    "  echo '{\"history\": [\"50\", \"181\", \"172\"]}' | elastic predict runs/first --top-k 5\n"
    "  cut -f2 new_users.tsv | elastic predict runs/first --histories -o tsv\n"
    "  echo 50 | elastic predict runs/first --similar\n"
    "  elastic predict runs/first --embeddings users --out users.npy\n"
    "\n"
    "Reads a line per question: {\"user\": id}, {\"history\": [item, ...]} oldest first, "
    "{\"item\": "
    "id}\n"
    "for the nearest items, a user id, or with --histories item ids separated by blanks, with\n"
    "--similar an item id. \"candidates\": [item, ...] in a question ranks only these. Answers in "
    "the\n"
    "same order, each as soon as the input pauses. A known user's history is all that the data\n"
    "holds, held-out events included; only this needs the data file. Items that the model does "
    "not\n"
    "know are skipped and counted.\n"
    "\n"
    "--stream reads events as they happen, {\"user\": id, \"item\": id} or `user item`, and "
    "answers each:\n"
    "what it keeps of a user is a state of fixed size, not the history, and the cost of an event "
    "does\n"
    "not grow. For models with such a state (elastic-causal, gsa) trained with --position none. "
    "States\n"
    "are kept in the run directory, and gone on from the next time; SIGUSR1 saves them at once. "
    "After a\n"
    "crash, give the same input again with --resume: no event is lost or counted twice.\n"
    "\n"
    "A question that has no answer gets a record with an error, and the rest goes on. The exit "
    "code\n"
    "is 3 if a line could not be understood, or if no question had an answer.";

class PredictCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "predict"; }
  [[nodiscard]] std::string description() const override { return kDescription; }
  void declare(OptionTable& table) override;
  int run(const OptionTable& table) override;

 private:
  void check_options(const OptionTable& table) const;

  std::string run_;
  std::string input_ = "-";
  PlainLines lines_;
  DataPlace place_;
  StreamMode stream_;
  RecommendOptions options_;
  QuestionMode questions_;
  OutputFormat format_;
  VectorMode vectors_;
  SessionOptions session_;
};

void PredictCommand::declare(OptionTable& table) {
  declare_run(table, run_);
  table.add("input", &input_, "the questions; - is standard input").positional("FILE");
  table.begin_group("Questions");
  lines_.declare(table);
  declare_place(table, place_);
  stream_.declare(table);
  table.begin_group("Answers");
  table.add("top_k", &options_.top_k, "items per answer").session().letter('k');
  table.add("filter_seen", &options_.filter_seen, "leave out the items of the history").session();
  questions_.declare(table);
  declare_output(table, format_, "jsonl", "jsonl (a record a line), tsv (a row an item) or table");
  vectors_.declare(table);
  declare_session(table, session_);
}

void PredictCommand::check_options(const OptionTable& table) const {
  lines_.check();
  stream_.check(table);
  vectors_.check(table, input_);
  questions_.check(table, chosen_format(format_));
}

int PredictCommand::run(const OptionTable& table) {
  check_options(table);
  const auto writer = make_answer_writer(chosen_format(format_));
  const Device device = start_session(session_);
  train::SavedModel saved = train::load_saved_model(run_, device);
  questions_.check_model(saved.model->config());
  Recommender recommender(std::move(saved.model), train::read_items(run_ + "/items.tsv"), options_);
  KnownUsers known_users(run_, place_);
  Output output;
  const auto note = [this](const std::string& text) {
    if (!text.empty()) {
      ProgressLine(session_.quiet).message(text);
    }
  };
  PredictCall call{run_,
                   input_,
                   !table.find("input").is_default(),
                   lines_.meaning(),
                   recommender,
                   known_users,
                   *writer,
                   output,
                   note};
  if (stream_.chosen()) {
    return stream_.run(call);
  }
  return vectors_.chosen() ? vectors_.run(call) : questions_.run(call);
}

}  // namespace

std::unique_ptr<Command> make_predict_command() {
  return std::make_unique<PredictCommand>();
}

}  // namespace elastic::cli
