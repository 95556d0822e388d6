// A profile as JSON, Markdown, CSV, trace and page of HTML.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "profile/growth.h"
#include "profile/profiler.h"

namespace elastic::profile {

struct Report {
  nlohmann::ordered_json build;  ///< facts about the program
  MachineRates machine;
  std::string inputs;    ///< the origin of the histories, in words
  std::string baseline;  ///< the model that speedup compares with
  std::vector<Row> rows;
};

/// How many times faster the row is than the baseline model's row of the same phase, length, batch,
/// supervision and shortcut, by median times; 0 if either was not measured.
double speedup(const Row& row, const Report& report);

/// Keys schema_version, build, machine, inputs, baseline, rows and fits.
nlohmann::ordered_json to_json(const Report& report);
/// One entry of `rows`.
nlohmann::ordered_json to_json(const Row& row, const Report& report);

/// Tables of the rows and of the fits.
std::string to_markdown(const Report& report);
/// A header and one line per row; columns are the keys of a row's JSON without the note.
std::string to_csv(const Report& report);

/// A table for each row of its kernels, most expensive first: calls, time, share of it, flops and
/// rates.
std::string kernels_to_markdown(const std::vector<Row>& rows);

/// Chrome's trace format, each row as a process; times in microseconds.
nlohmann::ordered_json to_trace(const std::vector<Row>& rows);

/// One self-contained page: log-log plots, the table, build and machine.
std::string to_html(const Report& report);

}  // namespace elastic::profile
