// A profile as Markdown tables.
#include "base/error.h"
#include "base/visible_text.h"
#include "profile/report.h"
#include "profile/row_text.h"

namespace elastic::profile {
namespace {

struct ColumnText {
  const char* name;
  std::string value;
};

std::vector<ColumnText> columns_of(const Row& row, const Report& report) {
  const Workload& w = row.workload;
  const bool ok = row.status == RowStatus::kOk;
  const auto when_ok = [ok](const std::string& text) { return ok ? text : std::string("-"); };
  const bool own = ok && !row.imported;
  const auto when_own = [own](const std::string& text) { return own ? text : std::string("-"); };
  const auto known = [](double bytes) { return bytes > 0.0 ? mebibytes(bytes) : std::string("-"); };
  const std::optional<double> ratio = speedup(row, report);
  const std::optional<double> spread = spread_of(row);
  const std::string remarks = remarks_on(row);
  return {
      {"model", series_name(row)},
      {"phase", choice_name(w.phase)},
      {"length", std::to_string(w.model.max_len)},
      {"batch", std::to_string(w.batch)},
      {"status", name_of(row.status)},
      {"ms", when_ok(number(row.timing.ms_median))},
      {"min", when_ok(number(row.timing.ms_min))},
      {"p95", when_ok(number(row.timing.ms_p95))},
      {"tokens/s", when_ok(number(row.timing.tokens_per_s))},
      {"sequences/s", when_ok(number(row.timing.sequences_per_s))},
      {"peak MiB", row.imported ? known(row.peak_bytes.total) : mebibytes(row.peak_bytes.total)},
      {"act.+work. MiB",
       row.imported ? known(row.peak_bytes.activation) : when_own(mebibytes(growing_bytes(row)))},
      {"param. MiB", when_own(mebibytes(row.peak_bytes.parameter))},
      {"optim. MiB", when_own(mebibytes(row.peak_bytes.optimizer))},
      {"RSS MiB", when_own(mebibytes(row.rss_bytes))},
      {"Gflop", when_own(number(row.work.flops * 1e-9))},
      {"gemm share", when_own(number(row.work.gemm_share))},
      {"bandw. share", when_own(number(row.work.bandwidth_share))},
      {"speed-up", ratio ? concat("x", number(*ratio)) : "-"},
      {"spread", spread ? number(*spread) : "-"},
      {"remarks", remarks.empty() ? "-" : remarks}};
}

// The growth fits as a table; "" where there is none.
std::string growth_table(const std::vector<Growth>& growths) {
  if (growths.empty()) {
    return "";
  }
  std::string text =
      "\nGrowth with the length n, y = a + b n^p (time: the shortest runs; memory: activations "
      "and workspace):\n\n"
      "| model | phase | time p | interval | time a, ms | memory p | memory a, MiB | remarks |\n"
      "| --- | --- | ---: | ---: | ---: | ---: | ---: | --- |\n";
  for (const Growth& growth : growths) {
    text += markdown_row({growth.model,
                          growth.phase,
                          number(growth.time.exponent),
                          interval_text(growth.time_exponent),
                          number(growth.time.constant),
                          growth.memory.valid ? number(growth.memory.exponent) : "-",
                          growth.memory.valid ? mebibytes(growth.memory.constant) : "-",
                          growth.noisy ? "noisy" : "-"});
  }
  return text;
}

// The parts of the training steps as a table; "" where there are none.
std::string parts_table(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (row.parts.empty()) {
      continue;
    }
    std::vector<std::string> cells{series_name(row),
                                   choice_name(row.workload.phase),
                                   std::to_string(row.workload.model.max_len),
                                   std::to_string(row.workload.batch)};
    for (const char* part : kParts) {
      const std::optional<double> ms = row.part_ms(part);
      cells.push_back(ms ? number(*ms) : "-");
    }
    text += markdown_row(cells);
  }
  return text.empty()
             ? text
             : "\nParts of a training step, ms:\n\n| model | phase | length | batch | forward "
               "| loss | backward | optimizer |\n| --- | --- | ---: | ---: | ---: | ---: | "
               "---: | ---: |\n" +
                   text;
}

// A table for each row of its kernels, most expensive first.
std::string kernels_to_markdown(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (row.status != RowStatus::kOk) {
      continue;
    }
    const auto kernels = sorted_kernels(row);
    double total = 0.0;
    for (const auto& [kernel, use] : kernels) {
      total += use.seconds;
    }
    text += concat("\n",
                   row_name(row),
                   ":\n\n| kernel | calls | ms | share | Gflop | GFLOP/s | GB/s |\n"
                   "| --- | ---: | ---: | ---: | ---: | ---: | ---: |\n");
    for (const auto& [kernel, use] : kernels) {
      text += markdown_row({kernel,
                            std::to_string(use.calls),
                            number(1e3 * use.seconds),
                            number(use.seconds / total),
                            number(1e-9 * use.flops),
                            number(1e-9 * use.flops / use.seconds),
                            number(1e-9 * use.bytes / use.seconds)});
    }
  }
  return text;
}

std::string machine_text(const Machine& machine) {
  const auto rates = [](const MachineRates& of) {
    return concat(
        number(of.sgemm_gflops), " GFLOP/s sgemm, ", number(of.triad_gbps), " GB/s triad");
  };
  std::string text = visible(machine.before.device);
  if (machine.setting.precision) {
    text += concat(", ", choice_name(*machine.setting.precision));
  }
  text += ", " + rates(machine.before);
  if (machine.after) {
    text += concat(", after the rows ", rates(*machine.after));
  }
  return machine.changed() ? text + " (noisy: the rates changed)" : text;
}

}  // namespace

std::string to_markdown(const Report& report) {
  std::string text;
  for (const Row& row : report.rows) {
    std::vector<std::string> names;
    std::vector<std::string> rules;
    std::vector<std::string> values;
    for (const ColumnText& column : columns_of(row, report)) {
      names.emplace_back(column.name);
      const bool is_text = names.size() <= 2 || names.back() == "remarks";
      rules.emplace_back(is_text ? "---" : "---:");
      values.push_back(column.value);
    }
    if (text.empty()) {
      text = markdown_row(names) + markdown_row(rules);
    }
    text += markdown_row(values);
  }
  text += parts_table(report.rows);
  text += growth_table(growths_of(report.rows));
  text += report.comparison ? comparison_to_markdown(report) : "";
  text += "\n";
  for (const Machine& machine : report.machines) {
    text += concat("Machine: ", machine_text(machine), ".\n");
  }
  text += concat(
      "Inputs: ", visible(report.inputs), ". Speed-up against ", visible(report.baseline), ".\n");
  if (!report.imported.empty()) {
    text += concat("Imported rows are from ", visible(report.imported), ".\n");
  }
  return report.ops ? text + kernels_to_markdown(report.rows) : text;
}

}  // namespace elastic::profile
