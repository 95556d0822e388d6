// Reads the JSON of an earlier profile, which may be damaged or something else.
#include <cmath>

#include "base/error.h"
#include "base/input_file.h"
#include "data/json_document.h"
#include "profile/comparison.h"
#include "profile/report.h"

namespace elastic::profile {
namespace {

using nlohmann::ordered_json;

class Checks {
 public:
  explicit Checks(std::string file) : file_(std::move(file)) {}

  void require(bool holds, const std::string& reason) const {
    if (!holds) {
      throw CheckpointError(
          file_, ": ", reason, "; expected the output of elastic profile -o json");
    }
  }

  void check_row(const ordered_json& row, std::size_t index) const {
    const std::string place = concat("row ", index + 1);
    require(row.is_object(), place + " is not an object");
    const auto check = [&](const char* key, const auto& fits, const char* expected) {
      require(row.contains(key) && fits(row[key]), concat(place, ": ", key, " is not ", expected));
    };
    const auto is_text = [](const ordered_json& value) { return value.is_string(); };
    const auto is_count = [](const ordered_json& value) { return value.is_number_integer(); };
    for (const char* key : {"model", "phase", "supervision", "status"}) {
      check(key, is_text, "a text");
    }
    require(!row.contains("name") || row["name"].is_string(), place + ": name is not a text");
    for (const char* key : {"length", "batch"}) {
      check(key, is_count, "a whole number");
    }
    check(
        "peak_bytes",
        [](const auto& value) { return value.is_number() || value.is_null(); },
        "a number");
    if (row["status"] == name_of(RowStatus::kOk)) {
      check("ms_median", is_time, "a number above 0");
    }
    require(!row.contains("ms") || are_times(row["ms"]),
            place + ": ms is not a list of numbers above 0");
  }

 private:
  static bool is_time(const ordered_json& value) {
    return value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() > 0.0;
  }
  static bool are_times(const ordered_json& values) {
    return values.is_array() && std::all_of(values.begin(), values.end(), is_time);
  }

  std::string file_;
};

}  // namespace

EarlierProfile read_profile(const std::string& file) {
  EarlierProfile profile{file, data::parse_json(read_whole_file(file))};
  const ordered_json& json = profile.json;
  const Checks checks(file);
  checks.require(!json.is_discarded(), "is not JSON");
  checks.require(json.is_object() && json.contains("rows") && json["rows"].is_array(),
                 "has no list of rows");
  checks.require(json.contains("schema_version") && json["schema_version"] == kSchemaVersion,
                 concat("schema_version is not ", kSchemaVersion));
  for (const char* key : {"build", "machine"}) {
    checks.require(!json.contains(key) || json[key].is_object(), concat(key, " is not an object"));
  }
  if (json.contains("swept")) {
    checks.require(json["swept"].is_array() &&
                       std::all_of(json["swept"].begin(),
                                   json["swept"].end(),
                                   [](const ordered_json& key) { return key.is_string(); }),
                   "swept is not a list of texts");
  }
  for (std::size_t i = 0; i < json["rows"].size(); ++i) {
    checks.check_row(json["rows"][i], i);
  }
  return profile;
}

}  // namespace elastic::profile
