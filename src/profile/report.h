// A profile as JSON, table and page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "profile/fit.h"
#include "profile/profiler.h"

namespace elastic::profile {

/// How time and memory of one model in one phase grow with the length.
struct Growth {
  std::string model;  ///< with its variant: "elastic", "softmax, no shortcut"
  std::string phase;
  PowerFit time;    ///< milliseconds
  PowerFit memory;  ///< activation + workspace bytes
};

struct Report {
  nlohmann::ordered_json build;
  MachineRates machine;
  std::string inputs;  ///< what the histories are
  std::string baseline;
  std::vector<Row> rows;
};

/// The model with what tells its rows apart from others of the same model.
std::string series_name(const Row& row);

/// One per model, variant and phase that has at least three lengths.
std::vector<Growth> growths_of(const std::vector<Row>& rows);

/// Time of the baseline's row of the same phase, length, batch and supervision over this row's;
/// 0 where there is none. A baseline with several variants counts with the one of the row.
double speedup(const Row& row, const Report& report);

/// schema_version, build, machine, inputs, rows, fits.
nlohmann::ordered_json to_json(const Report& report);
/// A row as in to_json.
nlohmann::ordered_json to_json(const Row& row, const Report& report);

/// Markdown; fits below.
std::string to_markdown(const Report& report);
/// A header and one line a row.
std::string to_csv(const Report& report);

/// Kernels of each row, most expensive first: calls, time, share, flops, bytes.
std::string kernels_to_markdown(const std::vector<Row>& rows);

/// Chrome's trace format: one process a row.
nlohmann::ordered_json to_trace(const std::vector<Row>& rows);

/// One self-contained page: log-log plots, the table, build and machine.
std::string to_html(const Report& report);

}  // namespace elastic::profile
