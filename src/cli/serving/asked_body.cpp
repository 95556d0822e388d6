#include "cli/serving/asked_body.h"

#include <optional>
#include <utility>

#include "base/error.h"
#include "data/utf8.h"

namespace elastic::cli {

AskedBody read_body(const std::string& body, QueryParser& parser) {
  std::string text = body;
  data::convert_windows1252_lines(text);
  const BodyTexts texts = split_body(text);
  AskedBody asked{.form = texts.form, .queries = {}};
  std::int64_t line = 0;
  for (const std::string_view one : texts.texts) {
    ++line;
    const bool is_value = texts.form == BodyForm::kArray;
    if (is_value && !one.starts_with('{')) {
      Query query;
      query.line = line;
      query.error = concat("value ", line, " of the array: expected an object {...}");
      asked.queries.push_back(std::move(query));
    } else if (std::optional<Query> query = parser.parse(one, line)) {
      asked.queries.push_back(std::move(*query));
    }
  }
  if (asked.queries.empty() && texts.form != BodyForm::kArray) {
    throw DataError(
        "expected a question: {\"user\": id}, {\"history\": [id, ...]} or {\"item\": id}");
  }
  return asked;
}

HttpReply reply_in_form(const AskedBody& asked, std::span<const Answer* const> answers) {
  HttpReply reply;
  const bool is_array = asked.form == BodyForm::kArray;
  std::string separator = is_array ? "[" : "";
  for (const Answer* answer : answers) {
    reply.body += separator + answer_json(*answer);
    separator = is_array ? ",\n" : "\n";
  }
  if (is_array) {
    reply.body += answers.empty() ? "[]" : "]";
  }
  reply.body += "\n";
  if (asked.form == BodyForm::kLines) {
    reply.type = "application/x-ndjson";
  } else if (asked.form == BodyForm::kObject && !asked.queries.front().error.empty()) {
    reply.status = 400;
  }
  return reply;
}

}  // namespace elastic::cli
