#include "cli/asking/answer_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/rounding.h"
#include "base/visible_text.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

constexpr int kScoreDigits = 6;

// The subject of an answer: the user, the item, or else the line.
std::string label_of(const Answer& answer) {
  if (answer.item) {
    return *answer.item;
  }
  return answer.user ? *answer.user : fmt::format("line {}", answer.line);
}

// Adds the id, and the title if it is known.
template <class Named>
void add_names(const Named& item, nlohmann::ordered_json& entry) {
  entry["id"] = item.id;
  if (!item.title.empty()) {
    entry["title"] = item.title;
  }
}

nlohmann::ordered_json experts_to_json(const std::vector<ExplainedExpert>& experts) {
  auto list = nlohmann::ordered_json::array();
  for (const ExplainedExpert& expert : experts) {
    nlohmann::ordered_json entry{{"expert", expert.expert}};
    if (expert.subkeys) {
      entry["subkeys"] = {expert.subkeys->first, expert.subkeys->second};
    }
    if (expert.gate) {
      entry["gate"] = round_to_digits(*expert.gate, kScoreDigits);
    }
    entry["events"] = nlohmann::ordered_json::array();
    for (const ExplainedEvent& event : expert.events) {
      nlohmann::ordered_json part{{"event", event.event}};
      add_names(event, part);
      part["weight"] = round_to_digits(event.weight, kScoreDigits);
      entry["events"].push_back(std::move(part));
    }
    list.push_back(std::move(entry));
  }
  return list;
}

class JsonWriter : public AnswerWriter {
 public:
  void write(const Answer& answer, Output& output) override {
    output.write(answer_json(answer));
    output.write("\n");
  }
};

// "popular items: unknown user"
std::string fallback_note(const Answer& answer) {
  return answer.fallback_reason.empty() ? "" : "popular items: " + answer.fallback_reason;
}

class TsvWriter : public AnswerWriter {
 public:
  void write(const Answer& answer, Output& output) override {
    if (!has_header_) {
      output.write("user\trank\tid\ttitle\tscore\terror\n");
      has_header_ = true;
    }
    const std::string label = visible(label_of(answer));
    if (answer.items.empty()) {  // a row for every question
      output.write(fmt::format("{}\t\t\t\t\t{}\n", label, visible(answer.error)));
    }
    int rank = 0;
    for (const RecommendedItem& item : answer.items) {
      output.write(fmt::format("{}\t{}\t{}\t{}\t{}\t{}\n",
                               label,
                               ++rank,
                               visible(item.id),
                               visible(item.title),
                               round_to_digits(item.score, kScoreDigits),
                               fallback_note(answer)));
    }
  }

 private:
  bool has_header_ = false;
};

// " (2 unknown ids skipped: x, y)"
std::string unknown_note(const Answer& answer) {
  const std::int64_t unknown = answer.unknown + answer.unknown_candidates;
  if (unknown == 0) {
    return "";
  }
  const bool more = unknown > static_cast<std::int64_t>(answer.unknown_ids.size());
  return fmt::format(" ({} unknown {} skipped: {}{})",
                     unknown,
                     unknown == 1 ? "id" : "ids",
                     fmt::join(answer.unknown_ids, ", "),
                     more ? ", ..." : "");
}

std::string experts_table(const std::vector<ExplainedExpert>& experts) {
  std::string text = "  interest experts, and the share of attention that each pays to an event:\n";
  for (const ExplainedExpert& expert : experts) {
    text += fmt::format("    expert {}", expert.expert);
    if (expert.subkeys) {
      text += fmt::format(", sub-keys {} and {}", expert.subkeys->first, expert.subkeys->second);
    }
    text += expert.gate ? fmt::format(", gate {:.3f}\n", *expert.gate) : "\n";
    for (const ExplainedEvent& event : expert.events) {
      text += fmt::format("      {:>6.3f}  event {}: {}  {}\n",
                          event.weight,
                          event.event,
                          visible(event.id),
                          visible(event.title));
    }
  }
  return text;
}

class TableWriter : public AnswerWriter {
 public:
  void write(const Answer& answer, Output& output) override {
    output.write(fmt::format("{}{}{}{}\n",
                             visible(label_of(answer)),
                             visible(unknown_note(answer)),
                             answer.error.empty() ? "" : ": " + visible(answer.error),
                             fallback_note(answer).empty() ? "" : ": " + fallback_note(answer)));
    std::size_t width = 2;
    for (const RecommendedItem& item : answer.items) {
      width = std::max(width, visible(item.id).size());
    }
    int rank = 0;
    for (const RecommendedItem& item : answer.items) {
      output.write(fmt::format("{:>4}  {:>8.3f}  {:<{}}  {}\n",
                               ++rank,
                               item.score,
                               visible(item.id),
                               width,
                               visible(item.title)));
    }
    if (answer.experts) {
      output.write(experts_table(*answer.experts));
    }
  }
};

}  // namespace

std::string answer_json(const Answer& answer) {
  nlohmann::ordered_json record;
  if (answer.item) {
    record["item"] = *answer.item;
  } else if (answer.user) {
    record["user"] = *answer.user;
  } else {
    record["line"] = answer.line;
  }
  if (!answer.error.empty()) {
    record["error"] = answer.error;
  } else {
    record["items"] = nlohmann::ordered_json::array();
    for (const RecommendedItem& item : answer.items) {
      nlohmann::ordered_json entry;
      add_names(item, entry);
      entry["score"] = round_to_digits(item.score, kScoreDigits);
      record["items"].push_back(std::move(entry));
    }
  }
  if (!answer.fallback_reason.empty()) {
    record["fallback"] = "popular";
  }
  if (answer.experts) {
    record["experts"] = experts_to_json(*answer.experts);
  }
  if (answer.unknown > 0) {
    record["unknown"] = answer.unknown;
  }
  if (answer.unknown_candidates > 0) {
    record["unknown_candidates"] = answer.unknown_candidates;
  }
  if (!answer.unknown_ids.empty()) {
    record["unknown_ids"] = answer.unknown_ids;
  }
  // Titles of old runs may be in an old encoding; JSON is UTF-8.
  return data::json_text(record);
}

std::unique_ptr<AnswerWriter> make_answer_writer(AnswerFormat format) {
  switch (format) {
    case AnswerFormat::kTsv:
      return std::make_unique<TsvWriter>();
    case AnswerFormat::kTable:
      return std::make_unique<TableWriter>();
    case AnswerFormat::kJsonl:
    case AnswerFormat::kJson:
      break;
  }
  return std::make_unique<JsonWriter>();
}

}  // namespace elastic::cli
