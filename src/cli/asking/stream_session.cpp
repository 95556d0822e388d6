#include "cli/asking/stream_session.h"

#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/run_model.h"
#include "cli/runs/save_signal.h"

namespace elastic::cli {
namespace {
constexpr std::size_t kMaxBatchEvents = 512;
}  // namespace

StreamSession::StreamSession(const std::string& run,
                             Recommender& recommender,
                             QueryParser& parser,
                             StreamAnswers::EarlierEvents known)
    : run_(train::RunDirectory::resume(run)),
      path_(run_.file("streams.safetensors")),
      model_hash_(model_file_hash(run)),
      parser_(parser),
      answers_(recommender, std::move(known)) {
  if (is_present(path_)) {
    kept_ = answers_.streams().load(path_, model_hash_);
  }
}

void StreamSession::count_line(const std::string& line) {
  ++num_lines_;
  lines_checksum_.add(line);
  lines_checksum_.add("\n");
}

std::int64_t StreamSession::skip_read_lines(LineReader& input) {
  while (num_lines_ < kept_.lines) {
    const auto line = input.next();
    if (!line) {
      throw UsageError("--resume: ",
                       path_,
                       " has read ",
                       kept_.lines,
                       " lines, ",
                       input.name(),
                       " has ",
                       num_lines_,
                       "; expected the same input from its beginning");
    }
    count_line(*line);
    parser_.parse(*line, input.line_number());  // the next lines may depend on it
  }
  if (num_lines_ > 0 && lines_checksum_.hex() != kept_.checksum) {
    throw UsageError("--resume: the first ",
                     num_lines_,
                     " lines of ",
                     input.name(),
                     " are not those that ",
                     path_,
                     " has read; leave out --resume to read other input");
  }
  position_ = {num_lines_, lines_checksum_.hex()};
  return num_lines_;
}

void StreamSession::run(LineReader& input,
                        AnswerWriter& writer,
                        Output& output,
                        double save_every_s) {
  if (kept_.lines > 0 && num_lines_ == 0) {
    changed_ = true;
    save();  // position 0 of this input, in case of a kill before the next save
  }
  // The batch is empty while the input is waited for.
  input.on_waiting([this, save_every_s] { save_if_due(save_every_s); });
  try {
    read_all(input, writer, output, save_every_s);
  } catch (...) {
    save();  // keep the lines read before the output closed or the input failed
    throw;
  }
  input.on_waiting(nullptr);
  save();
}

void StreamSession::read_all(LineReader& input,
                             AnswerWriter& writer,
                             Output& output,
                             double save_every_s) {
  std::vector<Query> batch;
  while (const auto line = input.next()) {
    count_line(*line);
    if (std::optional<Query> query = parser_.parse(*line, input.line_number())) {
      batch.push_back(std::move(*query));
    }
    if (batch.size() >= kMaxBatchEvents || !input.ready()) {
      answer_all(batch, writer, output);
      save_if_due(save_every_s);
    }
  }
  answer_all(batch, writer, output);
}

void StreamSession::answer_all(std::vector<Query>& batch, AnswerWriter& writer, Output& output) {
  const std::vector<Answer> answers = answers_.answer(batch, [&] {
    position_ = {num_lines_, lines_checksum_.hex()};
    changed_ = changed_ || !batch.empty();
  });
  for (const Answer& answer : answers) {
    writer.write(answer, output);
  }
  output.flush();
  batch.clear();
}

void StreamSession::save() {
  if (changed_) {
    answers_.streams().save(path_, model_hash_, position_);
    changed_ = false;
  }
  since_save_.lap();
}

void StreamSession::save_if_due(double save_every_s) {
  if (SaveSignal::received().exchange(false) || since_save_.peek() >= save_every_s) {
    save();
  }
}

}  // namespace elastic::cli
