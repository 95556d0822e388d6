#include "profile/row_text.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/error.h"

namespace elastic::profile {

std::string series_name(const Row& row) {
  const Workload& w = row.workload;
  std::string name = w.model.model;
  using enum train::SupervisionChoice;
  if (w.phase == Phase::kTrain && w.supervision != kLast) {
    name += w.supervision == kAuto ? "" : concat(", supervision ", choice_name(w.supervision));
  } else if (!w.shortcut && (w.phase == Phase::kServe || w.phase == Phase::kTrain)) {
    name += ", no shortcut";
  }
  for (const auto& [key, value] : w.swept) {
    name += concat(", ", key, " ", value);
  }
  return row.imported ? name + " (imported)" : name;
}

std::string row_name(const Row& row) {
  return concat(series_name(row),
                ", ",
                choice_name(row.workload.phase),
                ", length ",
                row.workload.model.max_len,
                ", batch ",
                row.workload.batch);
}

std::string number(double value) {
  std::array<char, 64> text{};
  const double size = std::abs(value);
  const int decimals = size == 0.0 || size >= 1000.0 ? 0 : size >= 100.0 ? 1 : size >= 10.0 ? 2 : 3;
  std::snprintf(text.data(), text.size(), "%.*f", decimals, value);
  return text.data();
}

std::string mebibytes(double bytes) {
  return number(bytes / 1048576.0);
}

std::string interval_text(const std::optional<Interval>& interval) {
  return interval ? concat(number(interval->low), " to ", number(interval->high)) : "-";
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) {
    text += concat(" ", cell, " |");
  }
  return text + "\n";
}

}  // namespace elastic::profile
