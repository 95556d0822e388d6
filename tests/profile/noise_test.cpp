#include "profile/noise.h"

#include <doctest/doctest.h>

#include <set>

#include "profile/report.h"
#include "profile/rounds.h"

namespace elastic::profile::noise_test {
namespace {

Row row_of(std::int64_t length, std::vector<double> seconds) {
  Row row;
  row.workload.model.model = "lda";
  row.workload.model.max_len = length;
  row.workload.batch = 2;
  row.seconds = std::move(seconds);
  row.timing = timing_of(row.seconds, 2 * length, 2);
  row.peak_bytes.activation = 100.0 * static_cast<double>(length);
  return row;
}

TEST_CASE("noise: repetitions that spread by more than a tenth make a row noisy") {
  const Row calm = row_of(64, {1.0, 1.01, 1.02, 1.03, 1.04});
  CHECK(*spread_of(calm) == doctest::Approx(0.02 / 1.02));
  CHECK_FALSE(is_noisy(calm));
  CHECK(remarks_on(calm).empty());
  const Row spread = row_of(64, {1.0, 1.0, 1.25, 1.5, 9.0});
  CHECK(*spread_of(spread) == 0.4);
  CHECK(is_noisy(spread));
  CHECK(remarks_on(spread) == "noisy: repetitions spread by 0.400");
  CHECK_FALSE(is_noisy(row_of(64, {1.0, 2.0})));  // unknown
  Row failed = spread;
  failed.status = RowStatus::kFailed;
  CHECK_FALSE(is_noisy(failed));
}

TEST_CASE("noise: no share above 1 is without a remark") {
  Row row = row_of(64, {1.0, 1.0, 1.0});
  row.work.bandwidth_share = 1.5;
  CHECK_FALSE(is_noisy(row));
  CHECK(remarks_on(row) == "bandwidth share above 1: operands in the caches");
  row.work.gemm_share = 1.1;
  CHECK(is_noisy(row));
  CHECK(remarks_on(row) ==
        "noisy: gemm share above 1; bandwidth share above 1: operands in the caches");
}

TEST_CASE("noise: a machine whose rates change by more than a tenth is marked") {
  Machine machine{{"a CPU", 100.0, 10.0, 2}, {}, {}};
  CHECK_FALSE(machine.changed());
  CHECK(machine.best().sgemm_gflops == 100.0);
  const auto after = [&](double gflops, double gbps) {
    machine.after = MachineRates{"a CPU", gflops, gbps, 2};
    return machine.changed();
  };
  CHECK_FALSE(after(91.0, 10.9));
  CHECK(machine.best().sgemm_gflops == 100.0);
  CHECK(machine.best().triad_gbps == 10.9);
  CHECK(after(89.0, 10.0));
  CHECK(after(112.0, 10.0));
  CHECK(after(100.0, 8.0));
}

// A report of three lengths; the second of them is noisy.
Report noisy_report() {
  Report report;
  report.machines[0].before = {"a CPU", 100.0, 10.0, 2};
  report.machines[0].after = MachineRates{"a CPU", 50.0, 9.5, 2};
  report.rows = {row_of(64, {1.0, 1.01, 1.02, 1.03, 1.04}),
                 row_of(128, {2.0, 2.1, 2.5, 3.0, 3.5}),
                 row_of(256, {4.0, 4.01, 4.02, 4.03, 4.04})};
  return report;
}

TEST_CASE("noise: rows, fits and machine are marked in every format") {
  const Report report = noisy_report();
  const nlohmann::ordered_json json = to_json(report);
  CHECK(json["machine"]["changed"] == true);
  CHECK(json["machine"]["sgemm_gflops_after"] == 50.0);
  CHECK(json["machine"]["triad_gbps_after"] == 9.5);
  CHECK(json["rows"][0]["noisy"] == false);
  CHECK(json["rows"][0]["remarks"].is_null());
  CHECK(json["rows"][1]["noisy"] == true);
  CHECK(json["rows"][1]["spread"] == 0.36);
  CHECK(json["rows"][1]["remarks"] == "noisy: repetitions spread by 0.360");
  CHECK(json["fits"][0]["noisy"] == true);
  const std::string csv = to_csv(report);
  CHECK(csv.find(",spread,noisy,remarks,") != std::string::npos);
  CHECK(csv.find(",0.36,true,noisy: repetitions spread by 0.360,") != std::string::npos);
  CHECK(csv.find(",machine_device,sgemm_gflops,triad_gbps,threads,sgemm_gflops_after,"
                 "triad_gbps_after,machine_changed,") != std::string::npos);
  const std::string text = to_markdown(report);
  CHECK(text.find("| 0.360 | noisy: repetitions spread by 0.360 |\n") != std::string::npos);
  CHECK(text.find(" | noisy |\n") != std::string::npos);
  CHECK(text.find("a CPU, 100.0 GFLOP/s sgemm, 10.00 GB/s triad, after the rows 50.00 GFLOP/s "
                  "sgemm, 9.500 GB/s triad (noisy: the rates changed).\n") != std::string::npos);
  const std::string page = to_html(report);
  CHECK(page.find("noisy: repetitions spread by 0.360") != std::string::npos);
  CHECK(page.find("noisy: the rates changed") != std::string::npos);
}

TEST_CASE("noise: exponents have intervals, wide ones for noisy repetitions") {
  const auto interval_of = [](double noise) {
    std::vector<Row> rows;
    for (const std::int64_t length : {64, 128, 256, 512}) {
      const auto base = static_cast<double>(length);
      std::vector<double> seconds;
      for (const double part : {0.0, 0.7, 0.2, 1.0, 0.4}) {
        seconds.push_back(base * (1.0 + noise * part));
      }
      rows.push_back(row_of(length, seconds));
    }
    const std::vector<Growth> growths = growths_of(rows);
    REQUIRE(growths.size() == 1);
    return growths[0].time_exponent;
  };
  const auto exact = interval_of(0.0);
  REQUIRE(exact.has_value());
  CHECK(exact->low == doctest::Approx(1.0).epsilon(0.01));
  CHECK(exact->high == doctest::Approx(1.0).epsilon(0.01));
  const auto noisy = interval_of(0.5);
  CHECK(noisy->low < 0.97);
  CHECK(noisy->high > 1.03);
  CHECK(noisy->low == interval_of(0.5)->low);  // the same each time
  const std::vector<Row> few{
      row_of(64, {1.0, 1.0, 1.0}), row_of(128, {2.0, 2.0, 2.0}), row_of(256, {4.0, 4.0, 4.0})};
  CHECK_FALSE(growths_of(few).at(0).time_exponent.has_value());
}

Workload small(const char* model, int repetitions) {
  Workload workload;
  workload.model.model = model;
  workload.model.max_len = 8;
  workload.model.num_items = 20;
  workload.phase = Phase::kServe;
  workload.batch = 1;
  workload.repetitions = repetitions;
  return workload;
}

TEST_CASE("rounds: the repetitions of rows take turns, and a row has as many as it asks for") {
  std::vector<std::string> visits;
  Workload lost = small("softmax", 3);
  lost.max_memory_bytes = 1;
  const std::vector<Row> rows =
      measure_in_rounds({small("lda", 7), lost, small("gru", 2)},
                        /*with_calls=*/true,
                        [&](std::size_t visit, std::size_t all, const Workload& workload) {
                          CHECK(visit == visits.size());
                          CHECK(all == 10);
                          visits.push_back(workload.model.model);
                        });
  CHECK(visits ==
        std::vector<std::string>{
            "lda", "softmax", "gru", "lda", "softmax", "gru", "lda", "softmax", "lda", "lda"});
  REQUIRE(rows.size() == 3);
  CHECK(rows[0].seconds.size() == 7);
  CHECK(rows[0].timing.ms_min > 0.0);
  CHECK(!rows[0].kernels.empty());
  CHECK(!rows[0].calls.empty());
  CHECK(rows[0].work.flops > 0.0);
  CHECK(rows[0].work.bytes > 0.0);
  CHECK(rows[0].peak_bytes.parameter > 0.0);
  CHECK(rows[1].status == RowStatus::kOutOfMemory);
  CHECK(rows[1].seconds.empty());
  CHECK(rows[2].seconds.size() == 2);
}

TEST_CASE("rounds: memory and kernels of a row do not depend on the other rows") {
  const auto ignore = [](std::size_t, std::size_t, const Workload&) {};
  const Row alone = measure_in_rounds({small("lda", 2)}, false, ignore).at(0);
  const Row among = measure_in_rounds({small("softmax", 2), small("lda", 2)}, false, ignore).at(1);
  CHECK(alone.peak_bytes.total == among.peak_bytes.total);
  CHECK(alone.peak_bytes.activation == among.peak_bytes.activation);
  CHECK(alone.work.flops == among.work.flops);
  CHECK(alone.kernels.size() == among.kernels.size());
}

TEST_CASE("rounds: shares are relative to the machine's rates") {
  Row row = row_of(64, {0.5, 0.5, 0.5});
  row.work.flops = 2e9;
  row.work.bytes = 1e9;
  set_shares(row, {"a CPU", 8.0, 4.0, 1});
  CHECK(row.work.gemm_share == 0.5);
  CHECK(row.work.bandwidth_share == 0.5);
}

}  // namespace
}  // namespace elastic::profile::noise_test
