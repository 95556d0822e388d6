// A profile as comma-separated values.
#include <vector>

#include "base/csv_field.h"
#include "base/error.h"
#include "base/visible_text.h"
#include "profile/report.h"

namespace elastic::profile {
namespace {

using nlohmann::ordered_json;

// The columns of a kernel, as in the JSON.
constexpr const char* kKernelColumns[] = {
    "kernel", "calls", "kernel_ms", "kernel_share", "kernel_flops", "kernel_bytes"};

// Adds the values of `object` that fit into a field: neither lists nor the note, which not all rows
// have.
void add_fields(ordered_json& record, const ordered_json& object) {
  for (const auto& [key, value] : object.items()) {
    if (key != "note" && !value.is_structured()) {
      record[key] = value;
    }
  }
}

// The lines of a row: one, or one per kernel.
void add_records(const ordered_json& row,
                 const Report& report,
                 std::vector<ordered_json>& records) {
  ordered_json common = ordered_json::object();
  add_fields(common, row);
  if (!report.ops) {
    records.push_back(std::move(common));
    return;
  }
  for (const char* column : kKernelColumns) {
    common[column] = nullptr;
  }
  const ordered_json& kernels = row["kernels"];
  for (const ordered_json& kernel : kernels) {
    records.push_back(common);
    add_fields(records.back(), kernel);
  }
  if (kernels.empty()) {
    records.push_back(std::move(common));
  }
}

std::string field(const ordered_json& record, const std::string& column) {
  const auto found = record.find(column);
  if (found == record.end() || found->is_null()) {
    return "";
  }
  return found->is_string() ? csv_field(visible(found->get<std::string>())) : found->dump();
}

}  // namespace

std::string to_csv(const Report& report) {
  std::vector<ordered_json> records;
  for (const ordered_json& row : lines_to_json(report)) {
    add_records(row, report, records);
  }
  std::string text;
  for (const ordered_json& record : records) {
    std::string header;
    std::string line;
    for (const auto& [column, ignored] : records.front().items()) {
      const char* comma = header.empty() ? "" : ",";
      header += concat(comma, column);
      line += concat(comma, field(record, column));
    }
    text += text.empty() ? header + "\n" : "";
    text += line + "\n";
  }
  return text;
}

}  // namespace elastic::profile
