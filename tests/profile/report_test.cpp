#include "profile/report.h"

#include <doctest/doctest.h>

#include <set>

#include "profile/row_text.h"

namespace elastic::profile::report_test {
namespace {

// A row in which every number is another one.
Row full_row() {
  Row row;
  row.workload.model.model = "elastic";
  row.workload.model.max_len = 64;
  row.workload.model.dim = 48;
  row.workload.model.num_experts = 6;
  row.workload.phase = Phase::kServe;
  row.workload.batch = 3;
  row.tokens = 192;
  row.seconds = {0.25, 0.5, 0.75};
  row.timing.ms_median = 12.5;
  row.timing.ms_min = 9.75;
  row.timing.ms_p95 = 150.25;
  row.timing.tokens_per_s = 15360.0;
  row.timing.sequences_per_s = 240.0;
  row.peak_bytes.total = 7.0 * 1048576.0;
  row.peak_bytes.activation = 2.0 * 1048576.0;
  row.peak_bytes.workspace = 0.5 * 1048576.0;
  row.peak_bytes.gradient = 0.25 * 1048576.0;
  row.peak_bytes.parameter = 1.5 * 1048576.0;
  row.peak_bytes.optimizer = 3.0 * 1048576.0;
  row.rss_bytes = 20.0 * 1048576.0;
  row.work.flops = 4e9;
  row.work.gemm_share = 0.125;
  row.work.bandwidth_share = 0.0625;
  return row;
}

Report report_of(std::vector<Row> rows) {
  Report report;
  report.machines[0].before = {"a CPU", 100.5, 20.25, 2};
  report.inputs = "synthetic";
  report.baseline = "softmax";
  report.rows = std::move(rows);
  return report;
}

TEST_CASE("report: JSON has each number under its own key") {
  const nlohmann::ordered_json json = to_json(report_of({full_row()}));
  CHECK(json["machine"]["device"] == "a CPU");
  CHECK(json["machine"]["sgemm_gflops"] == 100.5);
  CHECK(json["machine"]["triad_gbps"] == 20.25);
  CHECK(json["machine"]["threads"] == 2);
  CHECK(json["inputs"] == "synthetic");
  CHECK(json["baseline"] == "softmax");
  const nlohmann::ordered_json& row = json["rows"][0];
  const std::vector<std::pair<const char*, nlohmann::json>> expected{
      {"name", "elastic"},
      {"model", "elastic"},
      {"imported", false},
      {"phase", "serve"},
      {"device", "cpu"},
      {"length", 64},
      {"batch", 3},
      {"dim", 48},
      {"num_experts", 6},
      {"supervision", "last"},
      {"shortcut", true},
      {"status", "ok"},
      {"tokens", 192},
      {"ms", {250.0, 500.0, 750.0}},
      {"ms_median", 12.5},
      {"ms_min", 9.75},
      {"ms_p95", 150.25},
      {"tokens_per_s", 15360.0},
      {"sequences_per_s", 240.0},
      {"peak_bytes", 7.0 * 1048576.0},
      {"activation_bytes", 2.0 * 1048576.0},
      {"workspace_bytes", 0.5 * 1048576.0},
      {"gradient_bytes", 0.25 * 1048576.0},
      {"parameter_bytes", 1.5 * 1048576.0},
      {"optimizer_bytes", 3.0 * 1048576.0},
      {"rss_bytes", 20.0 * 1048576.0},
      {"flops", 4e9},
      {"gemm_share", 0.125},
      {"bandwidth_share", 0.0625},
      {"speedup", nullptr},
      {"forward_ms", nullptr},
      {"loss_ms", nullptr},
      {"backward_ms", nullptr},
      {"optimizer_ms", nullptr},
      {"spread", 0.5},
      {"noisy", true},
      {"remarks", "noisy: repetitions spread by 0.500"}};
  CHECK(row.size() == expected.size());
  for (const auto& [key, value] : expected) {
    CAPTURE(key);
    REQUIRE(row.contains(key));
    CHECK(row[key] == value);
  }
}

TEST_CASE("report: lines of CSV and JSON name build, machine and inputs") {
  Report report = report_of({full_row(), full_row()});
  report.build = {{"version", "1.2"}, {"build_type", "Release"}, {"flags", "-O3, \"fast\""}};
  const auto lines = lines_to_json(report);
  REQUIRE(lines.size() == 2);
  for (const auto& [key, value] :
       std::vector<std::pair<const char*, nlohmann::json>>{{"build_version", "1.2"},
                                                           {"build_type", "Release"},
                                                           {"build_flags", "-O3, \"fast\""},
                                                           {"machine_device", "a CPU"},
                                                           {"sgemm_gflops", 100.5},
                                                           {"triad_gbps", 20.25},
                                                           {"threads", 2},
                                                           {"inputs", "synthetic"},
                                                           {"baseline", "softmax"}}) {
    CAPTURE(key);
    CHECK(lines[1].at(key) == value);
  }
  const std::string csv = to_csv(report);
  CHECK(csv.find(",remarks,build_version,build_type,build_flags,machine_device,sgemm_gflops,triad_"
                 "gbps,threads,"
                 "sgemm_gflops_after,triad_gbps_after,machine_changed,inputs,baseline\n") !=
        std::string::npos);
  CHECK(csv.ends_with(
      ",1.2,Release,\"-O3, \"\"fast\"\"\",a CPU,100.5,20.25,2,,,false,synthetic,softmax\n"));
}

TEST_CASE("report: Markdown has four digits, units and the machine") {
  const std::string text = to_markdown(report_of({full_row()}));
  CHECK(text.find("| elastic | serve | 64 | 3 | ok | 12.50 | 9.750 | 150.2 | 15360 | 240.0 | 7.000 "
                  "| 2.500 | 1.500 | 3.000 | 20.00 | 4.000 | 0.125 | 0.062 | - | 0.500 | noisy: "
                  "repetitions "
                  "spread by 0.500 |\n") != std::string::npos);
  CHECK(text.find("| model | phase | length | batch | status | ms | min | p95 |") == 0);
  CHECK(text.find("\n| --- | --- | ---: | ---: |") != std::string::npos);
  CHECK(text.find("a CPU, 100.5 GFLOP/s sgemm, 20.25 GB/s triad") != std::string::npos);
  CHECK(text.find("softmax") != std::string::npos);
  CHECK(text.find("Growth") == std::string::npos);  // one length
  Row lacking = full_row();
  lacking.status = RowStatus::kOutOfMemory;
  CHECK(
      to_markdown(report_of({lacking})).find("| 64 | 3 | oom | - | - | - | - | - | 7.000 | - |") !=
      std::string::npos);
}

TEST_CASE("report: Markdown of kernels has shares and rates") {
  Row row = full_row();
  row.kernels = {{"gather", {3, 0.25, 8e9, 16e9}}, {"linear", {1, 0.75, 3e9, 6e9}}};
  Report report = report_of({row});
  report.ops = true;
  const std::string text = to_markdown(report);
  CHECK(text.find("\nelastic, serve, length 64, batch 3:\n") != std::string::npos);
  CHECK(text.find("| linear | 1 | 750.0 | 0.750 | 3.000 | 4.000 | 8.000 |\n"
                  "| gather | 3 | 250.0 | 0.250 | 8.000 | 32.00 | 64.00 |\n") != std::string::npos);
  report.rows.front().status = RowStatus::kOutOfMemory;
  CHECK(to_markdown(report).find("| kernel |") == std::string::npos);
}

TEST_CASE("report: a speed-up is against the baseline's row of the same work") {
  Row own = full_row();
  Row base = full_row();
  base.workload.model.model = "softmax";
  base.timing.ms_median = 50.0;
  const auto against = [&](const Row& other) { return speedup(own, report_of({own, other})); };
  CHECK(against(base) == 4.0);
  const auto changed = [&](auto change) {
    Row other = base;
    change(other);
    return against(other);
  };
  CHECK(!changed([](Row& r) { r.workload.model.model = "lda"; }));
  CHECK(!changed([](Row& r) { r.workload.phase = Phase::kTrain; }));
  CHECK(!changed([](Row& r) { r.workload.model.max_len = 65; }));
  CHECK(!changed([](Row& r) { r.workload.batch = 4; }));
  CHECK(!changed([](Row& r) { r.workload.shortcut = false; }));
  CHECK(!changed([](Row& r) { r.workload.supervision = train::SupervisionChoice::kAll; }));
  CHECK(!changed([](Row& r) { r.status = RowStatus::kOutOfMemory; }));
  own.status = RowStatus::kOutOfMemory;
  CHECK(!against(base));
}

TEST_CASE("report: rows of a series have its model, batch, supervision and shortcut") {
  const auto named = [](Phase phase, train::SupervisionChoice supervision, bool shortcut) {
    Row row = full_row();
    row.workload.phase = phase;
    row.workload.supervision = supervision;
    row.workload.shortcut = shortcut;
    return series_name(row);
  };
  using enum train::SupervisionChoice;
  CHECK(named(Phase::kServe, kLast, true) == "elastic");
  CHECK(named(Phase::kServe, kLast, false) == "elastic, no shortcut");
  CHECK(named(Phase::kServe, kAll, false) == "elastic, no shortcut");
  CHECK(named(Phase::kEncode, kLast, false) == "elastic");
  CHECK(named(Phase::kTrain, kLast, true) == "elastic");
  CHECK(named(Phase::kTrain, kLast, false) == "elastic, no shortcut");
  CHECK(named(Phase::kTrain, kAuto, false) == "elastic");
  CHECK(named(Phase::kTrain, kAll, true) == "elastic, supervision all");

  std::vector<Row> rows;
  for (const std::int64_t batch : {3, 5}) {
    for (const std::int64_t length : {64, 128, 256}) {
      Row row = full_row();
      row.workload.batch = batch;
      row.workload.model.max_len = length;
      row.timing.ms_min = static_cast<double>(length * batch);
      row.peak_bytes.activation = 100.0 * static_cast<double>(length);
      row.peak_bytes.workspace = 60.0 * static_cast<double>(length);
      rows.push_back(row);
    }
  }
  Row lacking = full_row();
  lacking.workload.model.max_len = 512;
  lacking.status = RowStatus::kOutOfMemory;
  rows.push_back(lacking);
  const std::vector<Growth> growths = growths_of(rows);
  REQUIRE(growths.size() == 2);
  CHECK(growths[0].model == "elastic");
  CHECK(growths[1].model == "elastic, batch 5");
  CHECK(growths[0].phase == "serve");
  for (const Growth& growth : growths) {
    CHECK(growth.time.exponent == doctest::Approx(1.0).epsilon(0.01));
    CHECK(growth.memory.exponent == doctest::Approx(1.0).epsilon(0.01));
  }
  CHECK(growths[0].memory.factor == doctest::Approx(160.0).epsilon(0.05));
  const std::string text = to_markdown(report_of(rows));
  CHECK(text.find("| model | phase | time p | interval | time a, ms | memory p | memory a, MiB | "
                  "remarks |") != std::string::npos);
  CHECK(text.find("| elastic, batch 5 | serve | 1.000 |") != std::string::npos);
}

TEST_CASE("report: a trace has scopes, kernel calls with their operands, and memory") {
  Row row = full_row();
  row.workload.phase = Phase::kTrain;
  row.calls = {
      {"gather", 0.5, 0.25, 8.0, 16.0, 1048576.0, 2097152.0, {{"x", {3, 2}}, {"loss", {}}}},
      {"linear", 1.0, 2.0, 9.0, 18.0, 2097152.0, 1048576.0}};
  row.spans = {{ScopeKind::kStep, "step", 0.25, 3.0},
               {ScopeKind::kPart, "forward", 0.25, 0.5},
               {ScopeKind::kLayer, "layer 1", 0.5, 0.25}};
  const auto events = to_trace({full_row(), row})["traceEvents"];
  REQUIRE(events.size() == 11);
  CHECK(events[0]["args"]["name"] == "elastic serve 64");
  CHECK(events[1]["args"]["name"] == "elastic train 64");
  CHECK(events[1]["pid"] == 1);
  const auto is_span = [&](std::size_t at, const char* name, double begin, double seconds) {
    CAPTURE(name);
    CHECK(events[at]["name"] == name);
    CHECK(events[at]["ph"] == "X");
    CHECK(events[at]["pid"] == 1);
    CHECK(events[at]["tid"] == 0);
    CHECK(events[at]["ts"] == 1e6 * begin);
    CHECK(events[at]["dur"] == 1e6 * seconds);
  };
  is_span(2, "step", 0.25, 3.0);
  is_span(3, "forward", 0.25, 0.5);
  is_span(4, "layer 1", 0.5, 0.25);
  CHECK(events[4]["cat"] == "layer");
  is_span(5, "gather", 0.5, 0.25);
  is_span(8, "linear", 1.0, 2.0);
  CHECK(events[5]["args"]["flops"] == 8.0);
  CHECK(events[5]["args"]["bytes"] == 16.0);
  CHECK(events[5]["args"]["operands"].dump() == R"({"x":[3,2],"loss":[]})");
  const auto is_memory = [&](std::size_t at, double seconds, double mebibytes) {
    CHECK(events[at]["name"] == "memory");
    CHECK(events[at]["ph"] == "C");
    CHECK(events[at]["ts"] == 1e6 * seconds);
    CHECK(events[at]["args"]["MiB"] == mebibytes);
  };
  is_memory(6, 0.5, 1.0);
  is_memory(7, 0.75, 2.0);
  is_memory(9, 1.0, 2.0);
  is_memory(10, 3.0, 1.0);
}

TEST_CASE("report: the parts of a training step are in every format") {
  Row row = full_row();
  row.workload.phase = Phase::kTrain;
  row.parts = {{"forward", {0.25, 0.5, 1.0}},
               {"loss", {0.125}},
               {"backward", {1.0}},
               {"optimizer", {0.0625}}};
  const Report report = report_of({full_row(), row});
  const auto rows = to_json(report)["rows"];
  CHECK(rows[0]["forward_ms"].is_null());
  CHECK(rows[1]["forward_ms"] == 500.0);
  CHECK(rows[1]["loss_ms"] == 125.0);
  CHECK(rows[1]["backward_ms"] == 1000.0);
  CHECK(rows[1]["optimizer_ms"] == 62.5);
  CHECK(to_csv(report).find(",speedup,forward_ms,loss_ms,backward_ms,optimizer_ms,spread,") !=
        std::string::npos);
  CHECK(to_markdown(report).find("| elastic | train | 64 | 3 | 500.0 | 125.0 | 1000 | 62.50 |\n") !=
        std::string::npos);
  CHECK(to_html(report).find("Parts of a training step") != std::string::npos);
  CHECK(to_markdown(report_of({full_row()})).find("Parts of") == std::string::npos);
}

}  // namespace
}  // namespace elastic::profile::report_test
