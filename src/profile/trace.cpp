// The kernel calls of a profile in Chrome's trace format.
#include "base/error.h"
#include "profile/report.h"
#include "profile/row_text.h"

namespace elastic::profile {

nlohmann::ordered_json to_trace(const std::vector<Row>& rows) {
  nlohmann::ordered_json events = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    events.push_back({{"name", "process_name"},
                      {"ph", "M"},
                      {"pid", i},
                      {"args",
                       {{"name",
                         concat(series_name(row),
                                " ",
                                choice_name(row.workload.phase),
                                " ",
                                row.workload.model.max_len)}}}});
    for (const KernelCall& call : row.calls) {
      events.push_back({{"name", call.kernel},
                        {"ph", "X"},
                        {"pid", i},
                        {"tid", 0},
                        {"ts", 1e6 * call.begin},
                        {"dur", 1e6 * call.seconds}});
    }
  }
  return {{"traceEvents", events}};
}

}  // namespace elastic::profile
