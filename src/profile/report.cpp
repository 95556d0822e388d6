#include "profile/report.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>

#include "base/error.h"
#include "base/rounding.h"

namespace elastic::profile {
namespace {

constexpr int kSchemaVersion = 1;

// At most four digits that say something; no exponent.
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

struct ColumnText {
  const char* name;
  std::string value;
};

std::vector<ColumnText> columns_of(const Row& row, const Report& report) {
  const Workload& w = row.workload;
  const bool ok = row.status == RowStatus::kOk;
  const auto when_ok = [ok](const std::string& text) { return ok ? text : std::string("-"); };
  const double ratio = speedup(row, report);
  return {{"model", series_name(row)},
          {"phase", choice_name(w.phase)},
          {"length", std::to_string(w.model.max_len)},
          {"batch", std::to_string(w.batch)},
          {"status", name_of(row.status)},
          {"ms", when_ok(number(row.ms_median))},
          {"min", when_ok(number(row.ms_min))},
          {"p95", when_ok(number(row.ms_p95))},
          {"tokens/s", when_ok(number(row.tokens_per_s))},
          {"sequences/s", when_ok(number(row.sequences_per_s))},
          {"peak MiB", mebibytes(row.peak_bytes)},
          {"act.+work. MiB", when_ok(mebibytes(row.activation_bytes + row.workspace_bytes))},
          {"param. MiB", when_ok(mebibytes(row.parameter_bytes))},
          {"optim. MiB", when_ok(mebibytes(row.optimizer_bytes))},
          {"RSS MiB", when_ok(mebibytes(row.rss_bytes))},
          {"Gflop", when_ok(number(row.flops * 1e-9))},
          {"gemm share", when_ok(number(row.gemm_share))},
          {"bandw. share", when_ok(number(row.bandwidth_share))},
          {"speed-up", ratio > 0.0 ? concat("x", number(ratio)) : "-"}};
}

std::string markdown_row(const std::vector<std::string>& cells) {
  std::string text = "|";
  for (const std::string& cell : cells) {
    text += concat(" ", cell, " |");
  }
  return text + "\n";
}

}  // namespace

std::string series_name(const Row& row) {
  const Workload& w = row.workload;
  std::string name = w.model.model;
  if (w.phase == Phase::kTrain && w.supervision != train::SupervisionChoice::kLast) {
    return name + (w.supervision == train::SupervisionChoice::kAuto
                       ? ""
                       : concat(", supervision ", choice_name(w.supervision)));
  }
  const bool has_shortcut = w.phase == Phase::kServe || w.phase == Phase::kTrain;
  return has_shortcut && !w.shortcut ? name + ", no shortcut" : name;
}

std::vector<Growth> growths_of(const std::vector<Row>& rows) {
  struct Points {
    std::vector<double> length;
    std::vector<double> ms;
    std::vector<double> bytes;
  };
  std::map<std::pair<std::string, std::string>, Points> series;
  std::vector<std::pair<std::string, std::string>> order;
  for (const Row& row : rows) {
    if (row.status != RowStatus::kOk) {
      continue;
    }
    const std::pair key(concat(series_name(row),
                               row.workload.batch == rows.front().workload.batch
                                   ? ""
                                   : concat(", batch ", row.workload.batch)),
                        std::string(choice_name(row.workload.phase)));
    const auto [found, added] = series.try_emplace(key);
    if (added) {
      order.push_back(key);
    }
    found->second.length.push_back(static_cast<double>(row.workload.model.max_len));
    found->second.ms.push_back(row.ms_min);
    found->second.bytes.push_back(std::max(1.0, row.activation_bytes + row.workspace_bytes));
  }
  std::vector<Growth> growths;
  for (const auto& key : order) {
    const Points& points = series[key];
    const PowerFit time = fit_power(points.length, points.ms);
    if (time.valid) {
      growths.push_back({key.first, key.second, time, fit_power(points.length, points.bytes)});
    }
  }
  return growths;
}

double speedup(const Row& row, const Report& report) {
  if (row.status != RowStatus::kOk) {
    return 0.0;
  }
  const Workload& w = row.workload;
  for (const Row& other : report.rows) {
    const Workload& o = other.workload;
    if (other.status == RowStatus::kOk && o.model.model == report.baseline && o.phase == w.phase &&
        o.model.max_len == w.model.max_len && o.batch == w.batch &&
        o.supervision == w.supervision && o.shortcut == w.shortcut) {
      return other.ms_median / row.ms_median;
    }
  }
  return 0.0;
}

nlohmann::ordered_json to_json(const Row& row, const Report& report) {
  const Workload& w = row.workload;
  nlohmann::ordered_json json;
  json["model"] = w.model.model;
  json["phase"] = choice_name(w.phase);
  json["device"] = elastic::name_of(w.device);
  json["length"] = w.model.max_len;
  json["batch"] = w.batch;
  json["dim"] = w.model.dim;
  json["num_experts"] = w.model.num_experts;
  json["supervision"] = choice_name(w.supervision);
  json["shortcut"] = w.shortcut;
  json["status"] = name_of(row.status);
  if (!row.note.empty()) {
    json["note"] = row.note;
  }
  json["tokens"] = row.tokens;
  json["ms_median"] = row.ms_median;
  json["ms_min"] = row.ms_min;
  json["ms_p95"] = row.ms_p95;
  json["tokens_per_s"] = row.tokens_per_s;
  json["sequences_per_s"] = row.sequences_per_s;
  json["peak_bytes"] = row.peak_bytes;
  json["activation_bytes"] = row.activation_bytes;
  json["workspace_bytes"] = row.workspace_bytes;
  json["gradient_bytes"] = row.gradient_bytes;
  json["parameter_bytes"] = row.parameter_bytes;
  json["optimizer_bytes"] = row.optimizer_bytes;
  json["rss_bytes"] = row.rss_bytes;
  json["flops"] = row.flops;
  json["gemm_share"] = row.gemm_share;
  json["bandwidth_share"] = row.bandwidth_share;
  json["speedup"] = speedup(row, report);
  return json;
}

nlohmann::ordered_json to_json(const Report& report) {
  nlohmann::ordered_json json;
  json["schema_version"] = kSchemaVersion;
  json["build"] = report.build;
  json["machine"] = {{"device", report.machine.device},
                     {"sgemm_gflops", report.machine.sgemm_gflops},
                     {"triad_gbps", report.machine.triad_gbps},
                     {"threads", report.machine.threads}};
  json["inputs"] = report.inputs;
  json["baseline"] = report.baseline;
  json["rows"] = nlohmann::ordered_json::array();
  for (const Row& row : report.rows) {
    json["rows"].push_back(to_json(row, report));
  }
  json["fits"] = nlohmann::ordered_json::array();
  for (const Growth& growth : growths_of(report.rows)) {
    json["fits"].push_back({{"model", growth.model},
                            {"phase", growth.phase},
                            {"time_exponent", growth.time.exponent},
                            {"time_constant_ms", growth.time.constant},
                            {"memory_exponent", growth.memory.exponent},
                            {"memory_constant_bytes", growth.memory.constant}});
  }
  return json;
}

std::string to_markdown(const Report& report) {
  std::string text;
  for (const Row& row : report.rows) {
    std::vector<std::string> names;
    std::vector<std::string> rules;
    std::vector<std::string> values;
    for (const ColumnText& column : columns_of(row, report)) {
      names.emplace_back(column.name);
      rules.emplace_back(names.size() <= 2 ? "---" : "---:");
      values.push_back(column.value);
    }
    if (text.empty()) {
      text = markdown_row(names) + markdown_row(rules);
    }
    text += markdown_row(values);
  }
  const std::vector<Growth> growths = growths_of(report.rows);
  if (!growths.empty()) {
    text +=
        "\nGrowth with the length n, y = a + b n^p (time: the shortest runs; memory: activations "
        "and "
        "workspace):\n\n";
    text += "| model | phase | time p | time a, ms | memory p | memory a, MiB |\n";
    text += "| --- | --- | ---: | ---: | ---: | ---: |\n";
    for (const Growth& growth : growths) {
      text += markdown_row({growth.model,
                            growth.phase,
                            number(growth.time.exponent),
                            number(growth.time.constant),
                            number(growth.memory.exponent),
                            mebibytes(growth.memory.constant)});
    }
  }
  text += concat("\nMachine: ",
                 report.machine.device,
                 ", ",
                 number(report.machine.sgemm_gflops),
                 " GFLOP/s sgemm, ",
                 number(report.machine.triad_gbps),
                 " GB/s triad. Inputs: ",
                 report.inputs,
                 ". Speed-up against ",
                 report.baseline,
                 ".\n");
  return text;
}

std::string to_csv(const Report& report) {
  std::string text;
  for (const Row& row : report.rows) {
    std::string header;
    std::string line;
    const nlohmann::ordered_json json = to_json(row, report);
    for (const auto& [key, value] : json.items()) {
      if (key == "note") {
        continue;  // only some rows have one
      }
      header += concat(header.empty() ? "" : ",", key);
      line += concat(line.empty() ? "" : ",",
                     value.is_string() ? value.get<std::string>() : value.dump());
    }
    text += text.empty() ? concat(header, "\n", line, "\n") : concat(line, "\n");
  }
  return text;
}

std::string kernels_to_markdown(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) {
    if (row.status != RowStatus::kOk) {
      continue;
    }
    std::vector<std::pair<std::string, KernelUse>> kernels(row.kernels.begin(), row.kernels.end());
    std::sort(kernels.begin(), kernels.end(), [](const auto& a, const auto& b) {
      return a.second.seconds > b.second.seconds;
    });
    double total = 0.0;
    for (const auto& [kernel, use] : kernels) {
      total += use.seconds;
    }
    text += concat("\n",
                   series_name(row),
                   ", ",
                   choice_name(row.workload.phase),
                   ", length ",
                   row.workload.model.max_len,
                   ", batch ",
                   row.workload.batch,
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
