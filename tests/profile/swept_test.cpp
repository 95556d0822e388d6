// Rows of workloads with swept options.
#include <doctest/doctest.h>

#include "profile/report.h"
#include "profile/rounds.h"
#include "profile/row_text.h"
#include "tensor/threads.h"

namespace elastic::profile::swept_test {
namespace {

using Values = std::vector<std::pair<std::string, std::string>>;

Row row_of(const char* model, const Values& swept, double ms) {
  Row row;
  row.workload.model.model = model;
  row.workload.phase = Phase::kEncode;
  row.workload.swept = swept;
  row.timing.ms_median = ms;
  return row;
}

TEST_CASE("swept: the values are in the row's name, and keys and columns of their own") {
  Report report;
  report.baseline = "softmax";
  report.swept = {"num_clusters", "memory"};
  report.rows = {row_of("lda", {{"num_clusters", "4"}, {"memory", "per-token"}}, 1.0),
                 row_of("gru", {}, 1.0)};
  CHECK(series_name(report.rows[0]) == "lda, num_clusters 4, memory per-token");
  CHECK(series_name(report.rows[1]) == "gru");
  const nlohmann::ordered_json json = to_json(report);
  CHECK(json["swept"] == std::vector<std::string>{"num_clusters", "memory"});
  CHECK(json["rows"][0]["num_clusters"] == 4);
  CHECK(json["rows"][0]["memory"] == "per-token");
  CHECK(json["rows"][1]["num_clusters"].is_null());
  const std::string csv = to_csv(report);
  CHECK(csv.find(",num_clusters,memory,status,") != std::string::npos);
  CHECK(csv.find("\n\"lda, num_clusters 4, memory per-token\",lda,") != std::string::npos);
  CHECK_FALSE(to_json(Report()).contains("swept"));
}

TEST_CASE("swept: a speed-up is against the baseline with the same values that it reads") {
  Report report;
  report.baseline = "softmax";
  report.rows = {row_of("lda", {{"dim", "16"}, {"num_experts", "4"}}, 1.0),
                 row_of("softmax", {{"dim", "32"}}, 8.0),
                 row_of("softmax", {{"dim", "16"}}, 4.0)};
  CHECK(speedup(report.rows[0], report) == 4.0);
  CHECK(speedup(report.rows[1], report) == 1.0);
  report.rows.pop_back();
  CHECK_FALSE(speedup(report.rows[0], report).has_value());
}

TEST_CASE("swept: rows with other values are no partners") {
  const auto report_of = [](const char* dim) {
    Report report;
    report.swept = {"window"};
    report.rows = {row_of("lda", {{"window", dim}}, 1.0)};
    return report;
  };
  const auto is_partner = [&](const char* now, const char* before) {
    const Report report = report_of(now);
    return compare_with({"old.json", to_json(report_of(before))}, report).changes[0].has_partner;
  };
  CHECK(is_partner("16", "16"));
  CHECK_FALSE(is_partner("16", "32"));
  Report without = report_of("16");
  without.swept.clear();
  without.rows[0].workload.swept.clear();
  CHECK_FALSE(compare_with({"old.json", to_json(report_of("16"))}, without).changes[0].has_partner);
}

TEST_CASE("swept: each setting has its machine, and rows run in theirs") {
  const int before = num_threads();
  Workload one;
  one.model.max_len = 8;
  one.model.num_items = 20;
  one.batch = 1;
  one.repetitions = 1;
  one.setting.threads = 1;
  Workload two = one;
  two.setting.threads = 2;
  std::vector<Machine> machines = measure_machines({one, two, one});
  REQUIRE(machines.size() == 2);
  CHECK(machines[0].before.threads == 1);
  CHECK(machines[1].before.threads == 2);
  measure_again(machines, Device::kCpu);
  CHECK(machines[0].after->threads == 1);
  CHECK(machines[1].after->threads == 2);
  Report report;
  report.machines = machines;
  report.rows =
      measure_in_rounds({one, two}, false, [](std::size_t, std::size_t, const Workload&) {});
  CHECK(num_threads() == 2);
  CHECK(&machine_of(report.rows[1], report) == &report.machines[1]);
  const nlohmann::ordered_json json = to_json(report);
  CHECK(json["machines"].size() == 2);
  CHECK(json["machine"] == json["machines"][0]);
  CHECK(lines_to_json(report)[1]["threads"] == 2);
  CHECK(to_markdown(report).find("\nMachine: CPU, 2 threads, ") != std::string::npos);
  set_num_threads(before);
}

}  // namespace
}  // namespace elastic::profile::swept_test
