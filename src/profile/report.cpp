#include "profile/report.h"

#include <algorithm>

#include "base/error.h"
#include "data/json_document.h"
#include "profile/json_values.h"
#include "profile/row_text.h"

namespace elastic::profile {
namespace {

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

bool holds_all(const std::vector<std::pair<std::string, std::string>>& more,
               const std::vector<std::pair<std::string, std::string>>& all) {
  return std::all_of(all.begin(), all.end(), [&](const auto& one) {
    return std::find(more.begin(), more.end(), one) != more.end();
  });
}

// A number as a number, other text as text.
nlohmann::ordered_json value_of(const std::string& text) {
  nlohmann::ordered_json value = data::parse_json(text);
  return value.is_number() ? value : nlohmann::ordered_json(text);
}

}  // namespace

std::vector<std::pair<std::string, KernelUse>> sorted_kernels(const Row& row) {
  std::vector<std::pair<std::string, KernelUse>> kernels(row.kernels.begin(), row.kernels.end());
  std::sort(kernels.begin(), kernels.end(), [](const auto& a, const auto& b) {
    return a.second.seconds > b.second.seconds;
  });
  return kernels;
}

const Machine& machine_of(const Row& row, const Report& report) {
  for (const Machine& machine : report.machines) {
    if (!row.imported && machine.setting == row.workload.setting) {
      return machine;
    }
  }
  return report.machines.front();
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
        o.supervision == w.supervision && o.shortcut == w.shortcut && holds_all(w.swept, o.swept)) {
      return other.timing.ms_median / row.timing.ms_median;
    }
  }
  return std::nullopt;
}

namespace {

void add_workload(const Row& row, nlohmann::ordered_json& json) {
  const Workload& w = row.workload;
  json["name"] = series_name(row);
  json["model"] = w.model.model;
  json["imported"] = row.imported;
  json["phase"] = choice_name(w.phase);
  json["device"] = elastic::name_of(w.device);
  json["length"] = w.model.max_len;
  json["batch"] = w.batch;
  json["dim"] = w.model.dim;
  json["num_experts"] = w.model.num_experts;
  json["supervision"] = choice_name(w.supervision);
  json["shortcut"] = w.shortcut;
  for (const auto& [key, value] : w.swept) {
    json[key] = value_of(value);
  }
  json["status"] = name_of(row.status);
  if (!row.note.empty()) {
    json["note"] = row.note;
  }
}

void add_measurements(const Row& row, nlohmann::ordered_json& json) {
  json["tokens"] = row.tokens;
  if (!row.seconds.empty()) {
    json["ms"] = row.times_ms();
  }
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
}

}  // namespace

nlohmann::ordered_json to_json(const Row& row, const Report& report) {
  nlohmann::ordered_json json;
  add_workload(row, json);
  add_measurements(row, json);
  for (const std::string& key : report.swept) {
    json.emplace(key, nullptr);  // the row's model does not read it
  }
  if (row.imported) {
    for (const char* key : {"device",
                            "dim",
                            "num_experts",
                            "workspace_bytes",
                            "gradient_bytes",
                            "parameter_bytes",
                            "optimizer_bytes",
                            "rss_bytes",
                            "flops",
                            "gemm_share",
                            "bandwidth_share"}) {
      json[key] = nullptr;
    }
    for (const char* key : {"peak_bytes", "activation_bytes"}) {
      json[key] = json[key] == 0.0 ? nlohmann::ordered_json() : json[key];
    }
  }
  json["speedup"] = or_null(speedup(row, report));
  for (const char* part : kParts) {
    json[concat(part, "_ms")] = or_null(row.part_ms(part));
  }
  json["spread"] = or_null(spread_of(row));
  json["noisy"] = is_noisy(row);
  const std::string remarks = remarks_on(row);
  json["remarks"] = remarks.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(remarks);
  if (report.ops) {
    json["kernels"] = kernels_to_json(row);
  }
  return json;
}

namespace {

nlohmann::ordered_json if_valid(const PowerFit& fit, double value) {
  return fit.valid ? nlohmann::ordered_json(value) : nlohmann::ordered_json();
}

nlohmann::ordered_json rows_to_json(const Report& report) {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (std::size_t i = 0; i < report.rows.size(); ++i) {
    rows.push_back(to_json(report.rows[i], report));
    if (report.comparison) {
      rows.back().update(change_to_json(report.comparison->changes[i]));
    }
  }
  return rows;
}

nlohmann::ordered_json machine_to_json(const Machine& machine) {
  nlohmann::ordered_json json = {{"device", machine.before.device},
                                 {"sgemm_gflops", machine.before.sgemm_gflops},
                                 {"triad_gbps", machine.before.triad_gbps},
                                 {"threads", machine.before.threads}};
  if (machine.setting.precision) {
    json["precision"] = choice_name(*machine.setting.precision);
  }
  json["sgemm_gflops_after"] = nullptr;
  json["triad_gbps_after"] = nullptr;
  if (machine.after) {
    json["sgemm_gflops_after"] = machine.after->sgemm_gflops;
    json["triad_gbps_after"] = machine.after->triad_gbps;
  }
  json["changed"] = machine.changed();
  return json;
}

// The facts that JSON holds once, for formats of lines.
void add_context(const Machine& machine, const Report& report, nlohmann::ordered_json& line) {
  for (const auto& [name, fact] : report.build) {
    line[name.starts_with("build_") ? name : "build_" + name] = fact;
  }
  const nlohmann::ordered_json facts = machine_to_json(machine);
  for (const auto& [key, fact] : facts.items()) {
    line[key == "device" || key == "changed" ? "machine_" + key : key] = fact;
  }
  line["inputs"] = report.inputs;
  line["baseline"] = report.baseline;
}

}  // namespace

std::vector<nlohmann::ordered_json> lines_to_json(const Report& report) {
  std::vector<nlohmann::ordered_json> lines = rows_to_json(report);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    add_context(machine_of(report.rows[i], report), report, lines[i]);
  }
  if (report.comparison) {
    for (const nlohmann::ordered_json& row : report.comparison->unmatched) {
      lines.push_back(row);
      lines.back()["status"] = "only before";
    }
  }
  return lines;
}

nlohmann::ordered_json to_json(const Report& report) {
  nlohmann::ordered_json json;
  json["schema_version"] = kSchemaVersion;
  json["build"] = nlohmann::ordered_json::object();
  for (const auto& [name, fact] : report.build) {
    json["build"][name] = fact;
  }
  json["machine"] = machine_to_json(report.machines.front());
  if (report.machines.size() > 1) {
    json["machines"] = nlohmann::ordered_json::array();
    for (const Machine& machine : report.machines) {
      json["machines"].push_back(machine_to_json(machine));
    }
  }
  json["inputs"] = report.inputs;
  if (!report.swept.empty()) {
    json["swept"] = report.swept;
  }
  if (!report.imported.empty()) {
    json["imported"] = report.imported;
  }
  json["baseline"] = report.baseline;
  json["rows"] = rows_to_json(report);
  json["fits"] = nlohmann::ordered_json::array();
  for (const Growth& growth : growths_of(report.rows)) {
    json["fits"].push_back(
        {{"model", growth.model},
         {"phase", growth.phase},
         {"time_exponent", growth.time.exponent},
         {"time_exponent_low", low_of(growth.time_exponent)},
         {"time_exponent_high", high_of(growth.time_exponent)},
         {"time_constant_ms", growth.time.constant},
         {"memory_exponent", if_valid(growth.memory, growth.memory.exponent)},
         {"memory_constant_bytes", if_valid(growth.memory, growth.memory.constant)},
         {"noisy", growth.noisy}});
  }
  if (report.comparison) {
    json["against"] = comparison_to_json(*report.comparison);
  }
  return json;
}

}  // namespace elastic::profile
