// The kernel calls of a profile in Chrome's trace format.
#include <algorithm>

#include "base/error.h"
#include "profile/report.h"
#include "profile/row_text.h"

namespace elastic::profile {
namespace {

using nlohmann::ordered_json;

// An event with a duration. Viewers nest events of one thread by their times.
ordered_json span_of(
    const std::string& name, const char* category, std::size_t row, double begin, double seconds) {
  return {{"name", name},
          {"cat", category},
          {"ph", "X"},
          {"pid", row},
          {"tid", 0},
          {"ts", 1e6 * begin},
          {"dur", 1e6 * seconds}};
}

ordered_json memory_at(std::size_t row, double seconds, double bytes) {
  return {{"name", "memory"},
          {"ph", "C"},
          {"pid", row},
          {"ts", 1e6 * seconds},
          {"args", {{"MiB", bytes / 1048576.0}}}};
}

void add_row(const Row& row, std::size_t number, ordered_json& events) {
  const std::string name = concat(
      series_name(row), " ", choice_name(row.workload.phase), " ", row.workload.model.max_len);
  events.push_back(
      {{"name", "process_name"}, {"ph", "M"}, {"pid", number}, {"args", {{"name", name}}}});
  if (row.calls.empty()) {
    return;
  }
  double begin = row.calls.front().begin;
  double end = row.calls.back().begin + row.calls.back().seconds;
  for (const Part& part : row.traced_parts) {
    begin = std::min(begin, part.begin);
    end = std::max(end, part.begin + part.seconds);
  }
  const bool trains = row.workload.phase == Phase::kTrain;
  events.push_back(span_of(
      trains ? "step" : choice_name(row.workload.phase), "step", number, begin, end - begin));
  for (const Part& part : row.traced_parts) {
    events.push_back(span_of(part.name, "part", number, part.begin, part.seconds));
  }
  for (const KernelCall& call : row.calls) {
    ordered_json event = span_of(call.kernel, "kernel", number, call.begin, call.seconds);
    event["args"] = {{"flops", call.flops}, {"bytes", call.bytes}};
    events.push_back(std::move(event));
    events.push_back(memory_at(number, call.begin, call.memory_before));
    events.push_back(memory_at(number, call.begin + call.seconds, call.memory_after));
  }
}

}  // namespace

ordered_json to_trace(const std::vector<Row>& rows) {
  ordered_json events = ordered_json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    add_row(rows[i], i, events);
  }
  return {{"traceEvents", events}};
}

}  // namespace elastic::profile
