#include "cli/answer_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/nearest.h"
#include "base/rounding.h"

namespace elastic::cli {
namespace {

constexpr int kScoreDigits = 6;

// Whom an answer is for: the user, or else the line.
std::string label_of(const Answer& answer) {
  return answer.user ? *answer.user : fmt::format("line {}", answer.line);
}

class JsonWriter : public AnswerWriter {
 public:
  void write(const Answer& answer, Output& output) override {
    nlohmann::ordered_json record;
    if (answer.user) {
      record["user"] = *answer.user;
    } else {
      record["line"] = answer.line;
    }
    if (!answer.error.empty()) {
      record["error"] = answer.error;
    } else {
      record["items"] = nlohmann::ordered_json::array();
      for (const RecommendedItem& item : answer.items) {
        nlohmann::ordered_json entry{{"id", item.id}};
        if (!item.title.empty()) {
          entry["title"] = item.title;
        }
        entry["score"] = round_to_digits(item.score, kScoreDigits);
        record["items"].push_back(std::move(entry));
      }
    }
    if (answer.unknown > 0) {
      record["unknown"] = answer.unknown;
    }
    // Titles may be in an old encoding; JSON is UTF-8.
    output.write(record.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
    output.write("\n");
  }
};

// A tab or line end inside a field would make it two.
std::string field(std::string text) {
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c == '\t' || c == '\n' || c == '\r'; }, ' ');
  return text;
}

class TsvWriter : public AnswerWriter {
 public:
  void write(const Answer& answer, Output& output) override {
    if (!has_header_) {
      output.write("user\trank\tid\ttitle\tscore\terror\n");
      has_header_ = true;
    }
    const std::string label = field(label_of(answer));
    if (!answer.error.empty()) {
      output.write(fmt::format("{}\t\t\t\t\t{}\n", label, field(answer.error)));
    }
    int rank = 0;
    for (const RecommendedItem& item : answer.items) {
      output.write(fmt::format("{}\t{}\t{}\t{}\t{}\t\n",
                               label,
                               ++rank,
                               field(item.id),
                               field(item.title),
                               round_to_digits(item.score, kScoreDigits)));
    }
  }

 private:
  bool has_header_ = false;
};

class TableWriter : public AnswerWriter {
 public:
  void write(const Answer& answer, Output& output) override {
    std::string note;
    if (answer.unknown > 0) {
      note = fmt::format(
          " ({} unknown {} skipped)", answer.unknown, answer.unknown == 1 ? "id" : "ids");
    }
    output.write(fmt::format(
        "{}{}{}\n", label_of(answer), note, answer.error.empty() ? "" : ": " + answer.error));
    std::size_t width = 2;
    for (const RecommendedItem& item : answer.items) {
      width = std::max(width, item.id.size());
    }
    int rank = 0;
    for (const RecommendedItem& item : answer.items) {
      output.write(fmt::format(
          "{:>4}  {:>8.3f}  {:<{}}  {}\n", ++rank, item.score, item.id, width, item.title));
    }
  }
};

}  // namespace

std::unique_ptr<AnswerWriter> make_answer_writer(const std::string& format) {
  if (format == "jsonl" || format == "json") {
    return std::make_unique<JsonWriter>();
  }
  if (format == "tsv") {
    return std::make_unique<TsvWriter>();
  }
  if (format == "table") {
    return std::make_unique<TableWriter>();
  }
  throw UsageError("--output: expected jsonl, tsv or table, got \"",
                   format,
                   "\"",
                   did_you_mean(format, {"jsonl", "tsv", "table"}));
}

}  // namespace elastic::cli
