#include "cli/asking/run_log_format.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/input_file.h"
#include "train/run_directory.h"

namespace elastic::cli {
namespace {

// False if a reader of rows could not work with it.
bool is_usable(const data::LogFormat& format) {
  const bool is_table = format.layout == data::Layout::kTable;
  const bool has_columns = is_table || format.layout == data::Layout::kObjects;
  const bool positions_fit =
      std::all_of(format.columns.begin(), format.columns.end(), [&](const data::LogColumn& column) {
        const std::size_t end = format.num_columns + (format.group_heads ? 1 : 0);
        return !is_table || column.position < end;
      });
  const auto num_kept = static_cast<std::size_t>(std::count_if(
      format.columns.begin(), format.columns.end(), [](const data::LogColumn& column) {
        return column.role == data::Role::kKept;
      }));
  const bool has_separator =
      format.layout == data::Layout::kObjects || !format.syntax.separator.empty();
  return positions_fit && has_separator && num_kept == format.keep.size() &&
         (!has_columns || format.find(data::Role::kItem) != nullptr);
}

// RUN/data.json; not an object if there is no such file.
nlohmann::ordered_json data_of(const std::string& path) {
  return is_present(path) ? train::read_json(path) : nlohmann::ordered_json();
}

std::string data_path(const std::string& run) {
  return (std::filesystem::path(run) / "data.json").string();
}

}  // namespace

std::optional<data::LogFormat> read_log_format(const std::string& run) {
  const std::string path = data_path(run);
  const nlohmann::ordered_json json = data_of(path);
  if (!json.is_object() || !json.contains("format")) {
    return std::nullopt;
  }
  try {
    data::LogFormat format = data::log_format_from_json(json["format"]);
    if (!is_usable(format)) {
      throw DataError("no log has this form");
    }
    return format;
  } catch (const DataError& problem) {
    throw CheckpointError(path, ": format: ", problem.what());
  }
}

std::int64_t read_units_per_second(const std::string& run) {
  const std::string path = data_path(run);
  const nlohmann::ordered_json json = data_of(path);
  if (!json.is_object() || !json.contains("units_per_second")) {
    return 1;
  }
  constexpr std::array<std::int64_t, 4> kUnits{1, 1'000, 1'000'000, 1'000'000'000};
  const nlohmann::ordered_json& unit = json["units_per_second"];
  if (!unit.is_number_integer() ||
      std::find(kUnits.begin(), kUnits.end(), unit.get<std::int64_t>()) == kUnits.end()) {
    throw CheckpointError(path, ": units_per_second: expected 1, 1000, 1000000 or 1000000000");
  }
  return unit.get<std::int64_t>();
}

QuestionTimes question_times(const std::string& run, const ModelConfig& config) {
  return {config.time_features, reads_times(config) ? read_units_per_second(run) : 1};
}

}  // namespace elastic::cli
