// The kernel calls of a profile, in their layers and ops, in Chrome's trace format.
#include <cmath>
#include <cstdint>

#include "base/error.h"
#include "profile/report.h"
#include "profile/row_text.h"

namespace elastic::profile {
namespace {

using nlohmann::ordered_json;

// An event with a duration. Viewers nest events of one thread by their times: whole nanoseconds, so
// that rounding moves no end behind that of an outer span.
ordered_json span_of(
    const std::string& name, const char* category, std::size_t row, double begin, double seconds) {
  const long long first = std::llround(1e9 * begin);
  const long long last = std::llround(1e9 * (begin + seconds));
  return {{"name", name},
          {"cat", category},
          {"ph", "X"},
          {"pid", row},
          {"tid", 0},
          {"ts", static_cast<double>(first) / 1e3},
          {"dur", static_cast<double>(last - first) / 1e3}};
}

const char* category_of(ScopeKind kind) {
  constexpr const char* kNames[] = {"step", "part", "layer", "op"};
  return kNames[static_cast<std::size_t>(kind)];
}

ordered_json shapes_of(const KernelCall& call) {
  ordered_json shapes = ordered_json::object();
  for (const OperandShape& operand : call.shapes) {
    std::vector<std::int64_t> extents;
    for (int i = 0; i < operand.shape.rank(); ++i) {
      extents.push_back(operand.shape[i]);
    }
    shapes[operand.name] = extents;
  }
  return shapes;
}

ordered_json memory_at(std::size_t row, double seconds, double bytes) {
  return {{"name", "memory"},
          {"ph", "C"},
          {"pid", row},
          {"ts", static_cast<double>(std::llround(1e9 * seconds)) / 1e3},
          {"args", {{"MiB", bytes / 1048576.0}}}};
}

void add_row(const Row& row, std::size_t number, ordered_json& events) {
  const std::string name = concat(
      series_name(row), " ", choice_name(row.workload.phase), " ", row.workload.model.max_len);
  events.push_back(
      {{"name", "process_name"}, {"ph", "M"}, {"pid", number}, {"args", {{"name", name}}}});
  for (const ScopeSpan& span : row.spans) {
    events.push_back(span_of(span.name, category_of(span.kind), number, span.begin, span.seconds));
  }
  for (const KernelCall& call : row.calls) {
    ordered_json event = span_of(call.kernel, "kernel", number, call.begin, call.seconds);
    event["args"] = {{"flops", call.flops}, {"bytes", call.bytes}, {"operands", shapes_of(call)}};
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
