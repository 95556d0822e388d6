// A profile as JSON, Markdown, CSV, trace and page of HTML.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "profile/comparison.h"
#include "profile/growth.h"
#include "profile/noise.h"
#include "profile/profiler.h"

namespace elastic::profile {

/// Of the JSON; a change of the meaning of a key changes it, a new key does not.
inline constexpr int kSchemaVersion = 1;

struct Report {
  std::vector<std::pair<std::string, std::string>> build;   ///< facts about the program
  std::vector<Machine> machines = std::vector<Machine>(1);  ///< one for each setting of the rows
  std::string inputs;    ///< the origin of the histories, in words
  std::string baseline;  ///< the model that speedup compares with
  bool ops = false;      ///< the formats include the kernels of each row
  std::string imported;  ///< the file of the rows that another program measured; "": there are none
  std::vector<std::string> swept;  ///< keys of the swept options
  std::vector<Row> rows;
  std::optional<Comparison> comparison;  ///< with an earlier profile
};

/// The machine in the row's setting; the first for an imported row.
const Machine& machine_of(const Row& row, const Report& report);

/// How many times faster the row is than the baseline model's row of the same phase, length, batch,
/// supervision, shortcut and swept options (those that the baseline reads), by median times; none
/// if either was not measured.
std::optional<double> speedup(const Row& row, const Report& report);
/// The row's kernels, most expensive first.
std::vector<std::pair<std::string, KernelUse>> sorted_kernels(const Row& row);

/// Keys schema_version, build, machine (`machines` too if there are several), inputs, swept,
/// baseline, rows and fits; `against` with a comparison.
nlohmann::ordered_json to_json(const Report& report);
/// One entry of `rows`; `speedup` is null where there is none. With `ops` it has a list `kernels`.
nlohmann::ordered_json to_json(const Row& row, const Report& report);

/// The objects of JSON Lines: the entries of `rows` with build (build_version, ...), machine
/// (machine_device, sgemm_gflops, ...), inputs and baseline in each, then the rows
/// of an earlier profile without a partner, whose status is "only before".
std::vector<nlohmann::ordered_json> lines_to_json(const Report& report);

/// Tables of the rows, of the fits and of the comparison; with `ops` also a table for each row of
/// its kernels: calls, time, share of it, flops and rates.
std::string to_markdown(const Report& report);
/// A header and one line per object of lines_to_json; columns are its keys without note and lists,
/// null is an empty field. With `ops` one line per kernel, whose columns (kernel, calls, kernel_ms,
/// kernel_share, kernel_flops, kernel_bytes) are the last; empty for a row without kernels.
std::string to_csv(const Report& report);

/// Chrome's trace format, times in microseconds. Each row with calls is a process: its repetition,
/// the parts of a training step in it, and in these the kernel calls with their flops and bytes; a
/// counter shows the memory that is allocated.
nlohmann::ordered_json to_trace(const std::vector<Row>& rows);

/// One self-contained page: log-log plots, the table, build and machine.
std::string to_html(const Report& report);

}  // namespace elastic::profile
