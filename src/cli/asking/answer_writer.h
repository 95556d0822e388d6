// The answers of `predict`, written as JSON lines, tab-separated rows or a table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/choice.h"
#include "cli/output/output.h"

namespace elastic::cli {

struct RecommendedItem {
  std::string id;
  std::string title;  ///< empty when none is known
  float score = 0.0F;
};

/// An event of the history, and an expert's attention weight on it.
struct ExplainedEvent {
  std::int64_t event = 0;  ///< position among the history's known events, from 1, oldest first
  std::string id;
  std::string title;
  float weight = 0.0F;
};

/// An interest expert and the events that it attends to most.
struct ExplainedExpert {
  std::int64_t expert = 0;  ///< index in the pool, from 0
  /// The pair of sub-keys that selected it, and its gate; absent if experts are not retrieved.
  std::optional<std::pair<std::int64_t, std::int64_t>> subkeys;
  std::optional<float> gate;
  std::vector<ExplainedEvent> events;  ///< by descending weight
};

/// The answer to one line of the input.
struct Answer {
  std::int64_t line = 0;
  std::optional<std::string> user;
  std::optional<std::string> item;     ///< the question was for its nearest items
  std::vector<RecommendedItem> items;  ///< best first
  std::int64_t unknown = 0;  ///< number of ids of the history that are not in the catalogue
  std::int64_t unknown_candidates = 0;
  std::vector<std::string> unknown_ids;  ///< the first few of both kinds
  std::optional<std::vector<ExplainedExpert>> experts;
  std::string error;            ///< the reason if there are no items, else ""
  std::string fallback_reason;  ///< the reason if the items are the popular ones, else ""
};

/// The answer as one line of JSON, without its end.
std::string answer_json(const Answer& answer);

class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;
  virtual void write(const Answer& answer, Output& output) = 0;
};

enum class AnswerFormat { kJsonl, kJson, kTsv, kTable };
constexpr auto choices_of(AnswerFormat) {
  using enum AnswerFormat;
  return std::to_array<Choice<AnswerFormat>>({{kJsonl, "jsonl", "one record per line"},
                                              {kJson, "json", "the same"},
                                              {kTsv, "tsv", "one row per item"},
                                              {kTable, "table"}});
}

std::unique_ptr<AnswerWriter> make_answer_writer(AnswerFormat format);

}  // namespace elastic::cli
