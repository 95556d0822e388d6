// The input of `predict --stream`. The first byte chooses the form of the run's log, and the second
// whether users have earlier events in the data; the rest is the input.
#include "cli/asking/stream_session.h"
#include "fuzz_target.h"
#include "run_folder.h"

namespace {

using namespace elastic;
using data::Layout;
using data::LogFormat;
using data::Role;

LogFormat table(const std::string& separator, std::vector<data::LogColumn> columns) {
  LogFormat format;
  format.syntax.separator = separator;
  format.num_columns = columns.size();
  format.columns = std::move(columns);
  return format;
}

LogFormat lines(Layout layout, const std::string& separator) {
  LogFormat format;
  format.layout = layout;
  format.syntax.separator = separator;
  return format;
}

LogFormat objects(data::ObjectSyntax syntax, std::vector<data::LogColumn> columns) {
  LogFormat format;
  format.layout = Layout::kObjects;
  format.objects = syntax;
  format.columns = std::move(columns);
  return format;
}

LogFormat with_conditions() {
  LogFormat format = table(",",
                           {{Role::kUser, 0},
                            {Role::kItem, 1},
                            {Role::kRating, 2},
                            {Role::kKept, 3, "kind"},
                            {Role::kKept, 2, "rating"}});
  format.num_columns = 4;
  format.keep = {data::KeepRule::parse("kind=view"), data::KeepRule::parse("rating>=3")};
  format.has_header = true;
  format.skipped_lines = {"user,item,rating,kind"};
  format.comment = "#";
  return format;
}

LogFormat with_heads() {
  LogFormat format = table(",", {{Role::kUser, 0}});
  format.columns.push_back({Role::kItem, 1});
  format.group_heads = true;
  return format;
}

LogFormat with_prefixes() {
  LogFormat format = table("\t", {{Role::kUser, 0}, {Role::kPrefix, 1, "", " "}, {Role::kItem, 2}});
  format.prefixes = true;
  return format;
}

LogFormat with_backslashes() {
  LogFormat format = table("|", {{Role::kItem, 0}, {Role::kUser, 1}});
  format.syntax.backslash = true;
  format.open_ended = true;
  return format;
}

std::vector<std::optional<LogFormat>> log_forms() {
  using enum data::ObjectSyntax;
  return {std::nullopt,
          with_conditions(),
          table("::", {{Role::kUser, 0}, {Role::kItem, 1}, {Role::kRating, 2}, {Role::kTime, 3}}),
          table(" ", {{Role::kItem, 0}, {Role::kUser, 1}}),
          table(",", {{Role::kUser, 0}, {Role::kItem, 1, "", "["}}),
          table("\t", {{Role::kUser, 0}, {Role::kItem, 1, "", ","}}),
          table(",", {{Role::kItem, 0}}),
          with_heads(),
          with_prefixes(),
          with_backslashes(),
          lines(Layout::kSequences, " "),
          lines(Layout::kSequences, ","),
          lines(Layout::kHistories, "["),
          objects(kJson, {{Role::kUser, 0, "u.id"}, {Role::kItem, 0, "events.item"}}),
          objects(kPython, {{Role::kUser, 0, "user"}, {Role::kItem, 0, "item"}}),
          objects(kJson, {{Role::kUser, 0, "s"}, {Role::kPrefix, 0, "p"}, {Role::kItem, 0, "i"}})};
}

// Counts the answers and writes nothing.
class Answers : public cli::AnswerWriter {
 public:
  void write(const cli::Answer& answer, cli::Output& /*output*/) override {
    const bool has_reason = !answer.error.empty();
    if (answer.line <= last_line_ || (has_reason ? !answer.items.empty() : !answer.user)) {
      std::abort();
    }
    last_line_ = answer.line;
    ++count_;
  }
  [[nodiscard]] std::int64_t count() const { return count_; }

 private:
  std::int64_t last_line_ = 0;
  std::int64_t count_ = 0;
};

struct Input {
  std::string path;
  const std::optional<LogFormat>& log;
  cli::StreamAnswers::EarlierEvents known;
};

// Reads the input from its beginning or from where the saved states end.
std::int64_t read_stream(const fuzz::RunFolder& run, const Input& input, bool resumes) {
  static cli::Recommender recommender(fuzz::streaming_model(), fuzz::numbered_items(6), {});
  cli::QueryParser parser(cli::PlainLine::kEvent, input.log);
  cli::StreamSession session(run.path(), recommender, parser, input.known);
  cli::LineReader reader(input.path);
  if (resumes) {
    session.skip_read_lines(reader);
  }
  Answers answers;
  cli::Output output;
  session.run(reader, answers, output, /*save_every_s=*/1e9);
  if (answers.count() !=
      session.num_answered() + session.num_unanswered() + session.num_malformed()) {
    std::abort();
  }
  return answers.count();
}

void parse_questions(const Input& input) {
  for (const auto plain : {cli::PlainLine::kAny, cli::PlainLine::kUser, cli::PlainLine::kItem}) {
    cli::QueryParser parser(plain, input.log);
    cli::LineReader reader(input.path);
    while (const auto line = reader.next()) {
      const auto query = parser.parse(*line, reader.line_number());
      if (query && query->error.empty() && !query->user && !query->history && !query->item) {
        std::abort();
      }
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const fuzz::RunFolder run({{"config.json", "{}"}, {"model.safetensors", ""}});
  static const auto forms = log_forms();
  if (size < 2) {
    return 0;
  }
  const fuzz::MemoryFile file(fuzz::text_of(data + 2, size - 2));
  Input input{file.path(), forms[data[0] % forms.size()], {}};
  if ((data[1] & 1U) != 0) {
    input.known = [](const std::string& user) {
      cli::KnownItems known;
      if (user.size() == 1) {
        known.items = {1, 6};
      }
      return known;
    };
  }
  run.remove("streams.safetensors");
  read_stream(run, input, /*resumes=*/false);
  if (read_stream(run, input, /*resumes=*/true) != 0) {
    std::abort();  // no line is answered twice
  }
  parse_questions(input);
  return 0;
}
