#include "profile/report.h"

#include <algorithm>

#include "base/error.h"

namespace elastic::profile {
namespace {

constexpr int kSchemaVersion = 1;

nlohmann::ordered_json kernel_to_json(const std::string& kernel,
                                      const KernelUse& use,
                                      double total_seconds) {
  return {{"kernel", kernel},
          {"calls", use.calls},
          {"kernel_ms", 1e3 * use.seconds},
          {"kernel_share", total_seconds > 0.0 ? use.seconds / total_seconds : 0.0},
          {"kernel_flops", use.flops},
          {"kernel_bytes", use.bytes}};
}

nlohmann::ordered_json kernels_to_json(const Row& row) {
  const auto kernels = sorted_kernels(row);
  double total = 0.0;
  for (const auto& [kernel, use] : kernels) {
    total += use.seconds;
  }
  nlohmann::ordered_json list = nlohmann::ordered_json::array();
  for (const auto& [kernel, use] : kernels) {
    list.push_back(kernel_to_json(kernel, use, total));
  }
  return list;
}

// Appends ",value" for each value that is neither a list nor a note, which not all rows have; the
// first without the comma.
struct CsvLine {
  std::string header;
  std::string values;

  void add(const nlohmann::ordered_json& object) {
    for (const auto& [key, value] : object.items()) {
      if (key == "note" || value.is_array()) {
        continue;
      }
      const char* comma = header.empty() ? "" : ",";
      header += concat(comma, key);
      values += concat(comma,
                       value.is_null()     ? ""
                       : value.is_string() ? value.get<std::string>()
                                           : value.dump());
    }
  }
};

std::vector<CsvLine> csv_lines(const Row& row, const Report& report) {
  CsvLine common;
  common.add(to_json(row, report));
  if (!report.ops) {
    return {common};
  }
  nlohmann::ordered_json kernels = kernels_to_json(row);
  if (kernels.empty()) {
    nlohmann::ordered_json blank = kernel_to_json("", {}, 0.0);
    for (nlohmann::ordered_json& value : blank) {
      value = nullptr;
    }
    kernels.push_back(std::move(blank));
  }
  std::vector<CsvLine> lines;
  for (const nlohmann::ordered_json& kernel : kernels) {
    lines.push_back(common);
    lines.back().add(kernel);
  }
  return lines;
}

}  // namespace

std::vector<std::pair<std::string, KernelUse>> sorted_kernels(const Row& row) {
  std::vector<std::pair<std::string, KernelUse>> kernels(row.kernels.begin(), row.kernels.end());
  std::sort(kernels.begin(), kernels.end(), [](const auto& a, const auto& b) {
    return a.second.seconds > b.second.seconds;
  });
  return kernels;
}

std::optional<double> speedup(const Row& row, const Report& report) {
  if (row.status != RowStatus::kOk) {
    return std::nullopt;
  }
  const Workload& w = row.workload;
  for (const Row& other : report.rows) {
    const Workload& o = other.workload;
    if (other.status == RowStatus::kOk && o.model.model == report.baseline && o.phase == w.phase &&
        o.model.max_len == w.model.max_len && o.batch == w.batch &&
        o.supervision == w.supervision && o.shortcut == w.shortcut) {
      return other.timing.ms_median / row.timing.ms_median;
    }
  }
  return std::nullopt;
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
  json["ms_median"] = row.timing.ms_median;
  json["ms_min"] = row.timing.ms_min;
  json["ms_p95"] = row.timing.ms_p95;
  json["tokens_per_s"] = row.timing.tokens_per_s;
  json["sequences_per_s"] = row.timing.sequences_per_s;
  json["peak_bytes"] = row.peak_bytes.total;
  json["activation_bytes"] = row.peak_bytes.activation;
  json["workspace_bytes"] = row.peak_bytes.workspace;
  json["gradient_bytes"] = row.peak_bytes.gradient;
  json["parameter_bytes"] = row.peak_bytes.parameter;
  json["optimizer_bytes"] = row.peak_bytes.optimizer;
  json["rss_bytes"] = row.rss_bytes;
  json["flops"] = row.work.flops;
  json["gemm_share"] = row.work.gemm_share;
  json["bandwidth_share"] = row.work.bandwidth_share;
  const std::optional<double> ratio = speedup(row, report);
  json["speedup"] = ratio ? nlohmann::ordered_json(*ratio) : nlohmann::ordered_json();
  if (report.ops) {
    json["kernels"] = kernels_to_json(row);
  }
  return json;
}

nlohmann::ordered_json to_json(const Report& report) {
  nlohmann::ordered_json json;
  json["schema_version"] = kSchemaVersion;
  json["build"] = nlohmann::ordered_json::object();
  for (const auto& [name, fact] : report.build) {
    json["build"][name] = fact;
  }
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

std::string to_csv(const Report& report) {
  std::string text;
  for (const Row& row : report.rows) {
    for (const CsvLine& line : csv_lines(row, report)) {
      text += text.empty() ? concat(line.header, "\n") : "";
      text += concat(line.values, "\n");
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
