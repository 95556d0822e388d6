#include "profile/comparison.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "data/json_document.h"
#include "profile/report.h"

namespace elastic::profile::comparison_test {
namespace {

Row row_of(const char* model, std::int64_t length, std::vector<double> ms, double mebibytes) {
  Row row;
  row.workload.model.model = model;
  row.workload.model.max_len = length;
  row.workload.phase = Phase::kServe;
  row.workload.batch = 2;
  for (const double one : ms) {
    row.seconds.push_back(1e-3 * one);
  }
  row.timing.ms_median = quantile(ms, 0.5);
  row.timing.ms_min = row.timing.ms_median;
  row.peak_bytes.total = mebibytes * 1048576.0;
  return row;
}

Report report_of(std::vector<Row> rows) {
  Report report;
  report.machines[0].before = {"a CPU", 100.0, 10.0, 2};
  report.inputs = "synthetic";
  report.baseline = "softmax";
  report.rows = std::move(rows);
  return report;
}

const std::vector<double> kTimes{10.0, 10.1, 10.2, 10.3, 10.4};
const std::vector<double> kSlower{12.0, 12.1, 12.2, 12.3, 12.4};

// `now`, compared with the JSON of `before`.
Report compared(Report now, const Report& before) {
  now.comparison = compare_with({"old.json", to_json(before)}, now);
  return now;
}

TEST_CASE("comparison: ratios of time and memory with their interval, in every format") {
  const Report report = compared(report_of({row_of("lda", 64, kSlower, 3.0)}),
                                 report_of({row_of("lda", 64, kTimes, 2.0)}));
  const Change& change = report.comparison->changes.at(0);
  CHECK(change.has_partner);
  CHECK(change.time->value == doctest::Approx(12.2 / 10.2).epsilon(1e-3));
  CHECK(change.time->interval->low > 1.15);
  CHECK(change.time->interval->high < 1.25);
  CHECK(*change.memory == 1.5);
  const nlohmann::ordered_json json = to_json(report);
  CHECK(json["against"]["file"] == "old.json");
  CHECK(json["against"]["unmatched"].empty());
  CHECK(json["against"]["differences"].empty());
  const nlohmann::ordered_json& row = json["rows"][0];
  CHECK(row["earlier_status"] == "ok");
  CHECK(row["earlier_ms_median"] == 10.2);
  CHECK(row["time_ratio"] == change.time->value);
  CHECK(row["time_ratio_low"] == change.time->interval->low);
  CHECK(row["time_ratio_high"] == change.time->interval->high);
  CHECK(row["earlier_peak_bytes"] == 2.0 * 1048576.0);
  CHECK(row["memory_ratio"] == 1.5);
  CHECK(to_csv(report).find("earlier_ms_median,time_ratio,time_ratio_low,") != std::string::npos);
  const std::string text = to_markdown(report);
  CHECK(text.find("\nAgainst old.json (") != std::string::npos);
  CHECK(text.find("| lda | serve | 64 | 2 | 10.20 | 12.20 | 1.196 | 1.1") != std::string::npos);
  CHECK(text.find(" | 1.500 | ok |\n") != std::string::npos);
  const std::string page = to_html(report);
  CHECK(page.find("Against old.json") != std::string::npos);
  CHECK(page.find("Change of the time") != std::string::npos);
  CHECK(to_json(report_of({})).contains("against") == false);
}

TEST_CASE("comparison: partners agree in each part of their work") {
  const Row row = row_of("lda", 64, kTimes, 2.0);
  const auto has_partner = [&](auto change) {
    Row other = row;
    change(other);
    return compared(report_of({row}), report_of({other})).comparison->changes[0].has_partner;
  };
  CHECK(has_partner([](Row&) {}));
  CHECK(has_partner([](Row& r) { r.workload.model.dim = 32; }));  // not swept
  CHECK(!has_partner([](Row& r) { r.workload.model.model = "softmax"; }));
  CHECK(!has_partner([](Row& r) { r.workload.phase = Phase::kTrain; }));
  CHECK(!has_partner([](Row& r) { r.workload.model.max_len = 65; }));
  CHECK(!has_partner([](Row& r) { r.workload.batch = 4; }));
  CHECK(!has_partner([](Row& r) { r.workload.shortcut = false; }));
  CHECK(!has_partner([](Row& r) { r.workload.supervision = train::SupervisionChoice::kAll; }));
}

TEST_CASE("comparison: rows without a partner and other facts are listed") {
  Report before = report_of({row_of("lda", 64, kTimes, 2.0), row_of("softmax", 64, kTimes, 2.0)});
  before.machines[0].before.threads = 1;
  before.rows[0].workload.model.dim = 32;
  const Report report = compared(
      report_of({row_of("elastic", 64, kTimes, 2.0), row_of("lda", 64, kTimes, 2.0)}), before);
  CHECK(!report.comparison->changes[0].has_partner);
  CHECK(report.comparison->changes[1].has_partner);
  REQUIRE(report.comparison->unmatched.size() == 1);
  CHECK(report.comparison->unmatched[0]["model"] == "softmax");
  CHECK(report.comparison->differences ==
        std::vector<std::string>{"threads: 2, before 1", "dim: 64, before 32"});
  const std::string text = to_markdown(report);
  CHECK(text.find("| elastic | serve | 64 | 2 | - | 10.20 | - | - | - | no partner |\n") !=
        std::string::npos);
  CHECK(text.find("\nOnly before: softmax, serve, length 64, batch 2.\n") != std::string::npos);
  CHECK(text.find("\nOther than before: threads: 2, before 1; dim: 64, before 32.\n") !=
        std::string::npos);
  const auto lines = lines_to_json(report);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0]["earlier_status"].is_null());
  CHECK(lines[2]["status"] == "only before");
  const std::string csv = to_csv(report);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
  CHECK(csv.find("\nsoftmax,softmax,false,serve,,64,2,,,last,true,only before,") !=
        std::string::npos);
  CHECK(to_json(report)["rows"].size() == 2);
}

TEST_CASE("comparison: a regression is beyond the noise, or of memory, or a row that ran before") {
  const auto found = [](Row now, Row before, double limit) {
    return regressions(compared(report_of({std::move(now)}), report_of({std::move(before)})),
                       limit);
  };
  const Row before = row_of("lda", 64, kTimes, 2.0);
  CHECK(found(before, before, 1.05).empty());
  const auto slower = found(row_of("lda", 64, kSlower, 2.0), before, 1.05);
  REQUIRE(slower.size() == 1);
  CHECK(slower[0].starts_with("lda, serve, length 64, batch 2 takes 1.196 times as long (1.1"));
  CHECK(found(row_of("lda", 64, kSlower, 2.0), before, 1.3).empty());
  // The median is above the limit, the interval is not.
  CHECK(found(row_of("lda", 64, {9.0, 10.0, 12.0, 13.0, 14.0}, 2.0), before, 1.05).empty());
  // Three repetitions have no interval.
  CHECK(found(row_of("lda", 64, {20.0, 21.0, 22.0}, 2.0), before, 1.05).empty());
  const auto larger = found(row_of("lda", 64, kTimes, 2.2), before, 1.05);
  REQUIRE(larger.size() == 1);
  CHECK(larger[0] == "lda, serve, length 64, batch 2 takes 1.100 times the memory");
  Row lost = before;
  lost.status = RowStatus::kOutOfMemory;
  const auto gone = found(lost, before, 1.05);
  REQUIRE(gone.size() == 1);
  CHECK(gone[0] == "lda, serve, length 64, batch 2 ran before, and is oom now");
  CHECK(found(before, lost, 1.05).empty());
  CHECK(found(row_of("gru", 64, kSlower, 9.0), before, 1.05).empty());  // no partner
}

TEST_CASE("comparison: profiles without times of repetitions give a ratio without an interval") {
  nlohmann::ordered_json old = to_json(report_of({row_of("lda", 64, kTimes, 2.0)}));
  old["rows"][0].erase("ms");
  Report report = report_of({row_of("lda", 64, kSlower, 2.0)});
  const Comparison comparison = compare_with({"old.json", old}, report);
  CHECK(comparison.changes[0].time->value == doctest::Approx(12.2 / 10.2));
  CHECK_FALSE(comparison.changes[0].time->interval.has_value());
}

// A file with this text, and the message of its refusal.
std::string refusal(const std::string& text) {
  const std::string file =
      (std::filesystem::temp_directory_path() / concat("elastic_profile_", getpid(), ".json"))
          .string();
  std::ofstream(file) << text;
  std::string message;
  try {
    read_profile(file);
  } catch (const CheckpointError& error) {
    message = error.what();
    CHECK(message.starts_with(file + ": "));
  }
  std::filesystem::remove(file);
  return message;
}

TEST_CASE("comparison: a damaged or foreign file is refused with the reason") {
  const nlohmann::ordered_json good = to_json(report_of({row_of("lda", 64, kTimes, 2.0)}));
  CHECK(refusal(data::json_text(good)).empty());
  const std::string text = data::json_text(good);
  CHECK(refusal(text.substr(0, text.size() / 2)).find("is not JSON") != std::string::npos);
  CHECK(refusal("").find("is not JSON") != std::string::npos);
  CHECK(refusal("[]").find("has no list of rows") != std::string::npos);
  CHECK(refusal("{\"rows\": 1}").find("has no list of rows") != std::string::npos);
  const auto changed = [&](auto change) {
    nlohmann::ordered_json json = good;
    change(json);
    return refusal(data::json_text(json));
  };
  const auto has = [](const std::string& message, const char* part) {
    CAPTURE(message);
    CHECK(message.find(part) != std::string::npos);
  };
  has(changed([](auto& json) { json["schema_version"] = 2; }), "schema_version is not 1");
  has(changed([](auto& json) { json["machine"] = 3; }), "machine is not an object");
  has(changed([](auto& json) { json["swept"] = {1}; }), "swept is not a list of texts");
  has(changed([](auto& json) { json["rows"][0] = 5; }), "row 1 is not an object");
  const auto in_row = [&](const char* key, const nlohmann::ordered_json& value) {
    return changed([&](auto& json) { json["rows"][0][key] = value; });
  };
  has(in_row("model", 1), "row 1: model is not a text");
  has(in_row("name", 1), "row 1: name is not a text");
  has(in_row("length", 1.5), "row 1: length is not a whole number");
  has(in_row("ms_median", 0), "row 1: ms_median is not a number above 0");
  has(in_row("ms", {1.0, -1.0}), "row 1: ms is not a list of numbers above 0");
  has(in_row("ms", "1"), "row 1: ms is not a list of numbers above 0");
  has(in_row("peak_bytes", "1"), "row 1: peak_bytes is not a number");
  CHECK_THROWS_AS(read_profile("/no/such/profile.json"), CheckpointError);
}

}  // namespace
}  // namespace elastic::profile::comparison_test
