// The answers of `predict`: JSON lines, tab-separated rows or a table.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/output.h"

namespace elastic::cli {

struct RecommendedItem {
  std::string id;
  std::string title;  ///< empty when none is known
  float score = 0.0F;
};

/// To one line of the input.
struct Answer {
  std::int64_t line = 0;
  std::optional<std::string> user;
  std::vector<RecommendedItem> items;  ///< best first
  std::int64_t unknown = 0;            ///< ids of the history that the catalogue lacks
  std::string error;                   ///< why there are no items
};

class AnswerWriter {
 public:
  virtual ~AnswerWriter() = default;
  virtual void write(const Answer& answer, Output& output) = 0;
};

/// "jsonl" (also "json"), "tsv" or "table"; throws UsageError for other names.
std::unique_ptr<AnswerWriter> make_answer_writer(const std::string& format);

}  // namespace elastic::cli
