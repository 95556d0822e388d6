#include "profile/imported.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/input_file.h"
#include "base/nearest.h"
#include "base/visible_text.h"
#include "data/json_document.h"
#include "model/registry.h"
#include "train/train_config.h"

namespace elastic::profile {
namespace {

using nlohmann::ordered_json;

class ImportedRow {
 public:
  ImportedRow(std::string place, const ordered_json& row) : place_(std::move(place)), row_(row) {
    require(row.is_object(), "is not an object");
    const std::vector<std::string> known{
        "name", "phase", "length", "batch", "seconds", "peak_bytes", "activation_bytes"};
    for (const auto& [key, value] : row.items()) {
      require(std::find(known.begin(), known.end(), key) != known.end(),
              concat("unknown key '", key, "'", did_you_mean(key, known)));
    }
  }

  [[nodiscard]] std::string name() const {
    const ordered_json& value = at("name");
    require(value.is_string() && !value.get<std::string>().empty(), "name is not a text");
    const auto text = value.get<std::string>();
    require(text == visible(text) && text.find('|') == std::string::npos,
            "name is not a line of text without |");
    const std::vector<std::string> names = model_names();
    require(std::find(names.begin(), names.end(), text) == names.end(),
            concat("name: '", text, "' is a model of `elastic models`; choose another name"));
    return text;
  }

  [[nodiscard]] Phase phase() const {
    const ordered_json& value = at("phase");
    require(value.is_string(), "phase is not a text");
    return parse_choice<Phase>(value.get<std::string>(), place_ + ": phase");
  }

  [[nodiscard]] std::int64_t whole(const char* key, std::int64_t most) const {
    const ordered_json& value = at(key);
    const bool fits = value.is_number_integer() && value >= 1 && value <= most;
    require(fits, concat(key, " is not a whole number from 1 to ", most));
    return value.get<std::int64_t>();
  }

  /// Of all repetitions, or their median alone.
  [[nodiscard]] std::vector<double> seconds() const {
    const ordered_json& value = at("seconds");
    const std::vector<ordered_json> values =
        value.is_array() ? value.get<std::vector<ordered_json>>() : std::vector{value};
    const auto is_time = [](const ordered_json& one) {
      return one.is_number() && std::isfinite(one.get<double>()) && one.get<double>() > 0.0;
    };
    require(!values.empty() && std::all_of(values.begin(), values.end(), is_time),
            "seconds is neither a number above 0 nor a list of them");
    std::vector<double> seconds;
    for (const ordered_json& one : values) {
      seconds.push_back(one.get<double>());
    }
    return seconds;
  }

  /// 0 without the key.
  [[nodiscard]] double bytes(const char* key) const {
    if (!row_.contains(key)) {
      return 0.0;
    }
    const ordered_json& value = row_[key];
    require(value.is_number() && value.get<double>() >= 0.0, concat(key, " is not 0 or more"));
    return value.get<double>();
  }

 private:
  void require(bool holds, const std::string& reason) const {
    if (!holds) {
      throw UsageError(place_, ": ", reason);
    }
  }
  [[nodiscard]] const ordered_json& at(const char* key) const {
    require(row_.contains(key), concat("has no ", key));
    return row_[key];
  }

  std::string place_;
  const ordered_json& row_;
};

Row row_of(const ImportedRow& given, train::SupervisionChoice supervision) {
  Row row;
  row.imported = true;
  row.workload.model.model = given.name();
  row.workload.model.max_len = given.whole("length", kMaxLength);
  row.workload.phase = given.phase();
  row.workload.batch = given.whole("batch", train::kMaxBatch);
  row.workload.supervision = supervision;
  row.tokens = row.workload.batch * row.workload.model.max_len;
  const std::vector<double> seconds = given.seconds();
  row.timing = timing_of(seconds, row.tokens, row.workload.batch);
  if (seconds.size() > 1) {
    row.seconds = seconds;
  }
  row.peak_bytes.total = given.bytes("peak_bytes");
  row.peak_bytes.activation = given.bytes("activation_bytes");
  return row;
}

ordered_json list_in(const std::string& file, const std::string& place) {
  std::string text;
  try {
    text = read_whole_file(file);
  } catch (const CheckpointError& error) {
    throw UsageError("--import: ", error.what());
  }
  ordered_json list = data::parse_json(text);
  if (!list.is_array() || list.empty()) {
    throw UsageError(place,
                     ": expected a list of rows in JSON, got ",
                     list.is_discarded() ? "another text"
                     : list.empty()      ? "none"
                                         : "another value");
  }
  return list;
}

}  // namespace

std::vector<Row> read_imported_rows(const std::string& file, train::SupervisionChoice supervision) {
  const std::string place = "--import " + file;
  const ordered_json list = list_in(file, place);
  std::vector<Row> rows;
  for (std::size_t i = 0; i < list.size(); ++i) {
    rows.push_back(row_of(ImportedRow(concat(place, ": row ", i + 1), list[i]), supervision));
  }
  return rows;
}

}  // namespace elastic::profile
