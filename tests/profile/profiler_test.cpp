#include "profile/profiler.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "profile/report.h"

namespace elastic::profile {
namespace {

const MachineRates kMachine{"the CPU", 100.0, 10.0, 2};

Workload small(const char* model, Phase phase, std::int64_t length) {
  Workload workload;
  workload.model.model = model;
  workload.model.max_len = length;
  workload.model.num_items = 50;
  workload.phase = phase;
  workload.batch = 2;
  workload.repetitions = 1;
  workload.warmup = 1;
  return workload;
}

// Multiply-adds of one layer's FFN for one token: up and down.
constexpr double kFfn = 2.0 * 64.0 * 256.0;
constexpr double kSquare = 64.0 * 64.0;

TEST_CASE("profiler: the operations of softmax match a count by hand") {
  const double n = 100.0;
  const double pairs = n * (n + 1.0) / 2.0;
  // Per sequence and layer: four projections, causal scores and sums, FFN.
  const double layer = n * (4.0 * kSquare + kFfn) + 2.0 * pairs * 64.0;
  CHECK(measure(small("softmax", Phase::kEncode, 100), kMachine).work.flops ==
        doctest::Approx(2.0 * 2.0 * 2.0 * layer));
  CHECK(measure(small("softmax-tiled", Phase::kEncode, 100), kMachine).work.flops ==
        doctest::Approx(2.0 * 2.0 * 2.0 * layer));
  Workload train = small("softmax", Phase::kTrain, 100);
  train.supervision = train::SupervisionChoice::kAll;
  // Backward takes twice the operations of forward, also for the product with the items.
  CHECK(measure(train, kMachine).work.flops ==
        doctest::Approx(3.0 * 2.0 * (2.0 * 2.0 * layer + 2.0 * n * 64.0 * 50.0)));
}

TEST_CASE("profiler: element-wise work counts no operations, in the comparators neither") {
  // Four projections, keys times values and queries times their sums by heads of 32, FFN. Softmax
  // and unit ELU of queries and keys count nothing.
  const double n = 100.0;
  const double layer = n * (4.0 * kSquare + 2.0 * 64.0 * 32.0 + kFfn);
  for (const char* model : {"efficient", "linrec"}) {
    CAPTURE(model);
    CHECK(measure(small(model, Phase::kEncode, 100), kMachine).work.flops ==
          doctest::Approx(2.0 * 2.0 * 2.0 * layer));
  }
}

TEST_CASE("profiler: of the item table, the rows read count, whatever the size of the catalogue") {
  Workload workload = small("elastic", Phase::kEncode, 16);
  const auto embedding_bytes = [&](std::int64_t items) {
    workload.model.num_items = items;
    return measure(workload, kMachine).kernels.at("input_embedding_forward").bytes;
  };
  CHECK(embedding_bytes(4000) == embedding_bytes(1000));
}

TEST_CASE("profiler: the operations of LDA match a count by hand") {
  const double n = 300.0;
  const double k = 8.0;
  const double columns = 2.0 * k;  // H k
  // Token side: aggregate and dispatch, scores and sums each, and the FFN. Expert side: query, key
  // absorbed, value absorbed, output; key, query absorbed, value, output absorbed.
  const double layer = n * (4.0 * columns * 64.0 + kFfn) + 8.0 * k * kSquare;
  CHECK(measure(small("lda", Phase::kEncode, 300), kMachine).work.flops ==
        doctest::Approx(2.0 * 2.0 * 2.0 * layer));
  // Serving computes one token's dispatch and FFN in the last layer.
  const double last = n * 2.0 * columns * 64.0 + 2.0 * columns * 64.0 + kFfn + 8.0 * k * kSquare;
  CHECK(measure(small("lda", Phase::kServe, 300), kMachine).work.flops ==
        doctest::Approx(2.0 * 2.0 * (layer + last)));
  CHECK(measure(small("lda", Phase::kRank, 300), kMachine).work.flops ==
        doctest::Approx(2.0 * 2.0 * 64.0 * 50.0));
}

TEST_CASE("profiler: ELASTIC's operations are those of LDA plus the retrieval's, counted by hand") {
  // The query network over 300 tokens, four to a group: pooling, and attention with its four
  // projections where a level has more than one group; then the query and the two halves' sub-keys.
  double retrieval = kSquare + 64.0 * 16.0;
  for (const double groups : {75.0, 19.0, 5.0, 2.0, 1.0}) {
    retrieval += groups * 4.0 * kSquare;
    if (groups > 1.0) {
      retrieval += 4.0 * groups * kSquare + 2.0 * groups * groups * 64.0;
    }
  }
  for (const Phase phase : {Phase::kEncode, Phase::kServe}) {
    CHECK(measure(small("elastic", phase, 300), kMachine).work.flops ==
          doctest::Approx(measure(small("lda", phase, 300), kMachine).work.flops +
                          2.0 * 2.0 * retrieval));
  }
}

TEST_CASE("profiler: kinds of memory add up to the peak, and estimates are not below it") {
  for (const char* model : {"elastic", "lda", "softmax", "softmax-tiled"}) {
    for (const Phase phase : {Phase::kEncode, Phase::kServe, Phase::kTrain}) {
      CAPTURE(model);
      CAPTURE(choice_name(phase));
      const Workload workload = small(model, phase, 2048);
      const Row row = measure(workload, kMachine);
      REQUIRE(row.status == RowStatus::kOk);
      CHECK(row.peak_bytes.activation + row.peak_bytes.workspace + row.peak_bytes.gradient +
                row.peak_bytes.parameter + row.peak_bytes.optimizer ==
            doctest::Approx(row.peak_bytes.total));
      CHECK(estimate_bytes(workload) >= row.peak_bytes.total);
      CHECK(row.timing.ms_min > 0.0);
      CHECK(row.timing.ms_min <= row.timing.ms_median);
      CHECK(row.timing.ms_median <= row.timing.ms_p95);
      CHECK(row.tokens == 4096);
    }
  }
}

TEST_CASE("profiler: stored maps grow with the square of the length, tiles do not") {
  const auto activations = [](const char* model, std::int64_t length) {
    return measure(small(model, Phase::kServe, length), kMachine).peak_bytes.activation;
  };
  CHECK(activations("softmax", 2048) > 10.0 * activations("softmax", 512));
  CHECK(activations("softmax-tiled", 2048) < 5.0 * activations("softmax-tiled", 512));
  CHECK(activations("elastic", 2048) < 5.0 * activations("elastic", 512));
}

TEST_CASE("profiler: the parts of a training step add up to it; calls have their memory") {
  Workload workload = small("softmax", Phase::kTrain, 256);
  workload.repetitions = 3;
  const Row row = measure(workload, kMachine, /*with_calls=*/true);
  double sum = 0.0;
  for (const char* part : kParts) {
    CAPTURE(part);
    CHECK(row.parts.at(part).size() == 3);
    CHECK(*row.part_ms(part) > 0.0);
    sum += row.parts.at(part)[0];
  }
  CHECK(sum <= row.seconds[0]);
  CHECK(sum >= 0.5 * row.seconds[0]);
  REQUIRE(!row.calls.empty());
  double most = 0.0;
  for (const KernelCall& call : row.calls) {
    CAPTURE(call.kernel);
    CHECK(call.memory_before >= row.peak_bytes.parameter);
    most = std::max(most, std::max(call.memory_before, call.memory_after));
  }
  CHECK(most <= row.peak_bytes.total);
  CHECK(most >= 0.5 * row.peak_bytes.total);
  CHECK(measure(small("softmax", Phase::kServe, 16), kMachine).parts.empty());
}

TEST_CASE("profiler: a workload that does not fit gives a row that says so") {
  Workload workload = small("softmax", Phase::kTrain, 1 << 20);
  workload.max_memory_bytes = std::size_t{1} << 30;
  const Row row = measure(workload, kMachine);
  CHECK(row.status == RowStatus::kOutOfMemory);
  CHECK(row.peak_bytes.total > 1e12);
  CHECK(row.note.find("MiB, allowed 1024") != std::string::npos);
  workload.model.model = "elastik";
  workload.model.max_len = 10;
  CHECK_THROWS_AS(measure(workload, kMachine), UsageError);
}

TEST_CASE("report: every format has the rows, fits and speed-ups") {
  Report report;
  report.build = {{"version", "1 < 2"}};
  report.machines[0].before = kMachine;
  report.inputs = "synthetic";
  report.baseline = "softmax";
  for (const std::int64_t length : {64, 256, 1024}) {
    for (const char* model : {"elastic", "softmax"}) {
      Row row;
      row.workload = small(model, Phase::kServe, length);
      row.timing.ms_min = model[0] == 'e' ? static_cast<double>(length)
                                          : 1e-2 * static_cast<double>(length * length);
      row.timing.ms_median =
          length == 1024 ? 2.0 * row.timing.ms_min : row.timing.ms_min;  // a disturbed run
      row.peak_bytes.activation = 100.0 * static_cast<double>(length);
      report.rows.push_back(row);
    }
  }
  const auto json = to_json(report);
  REQUIRE(json["rows"].size() == 6);
  CHECK(json["rows"][4]["speedup"].get<double>() == doctest::Approx(10.24));
  REQUIRE(json["fits"].size() == 2);
  CHECK(json["fits"][0]["time_exponent"].get<double>() == doctest::Approx(1.0).epsilon(0.01));
  CHECK(json["fits"][1]["time_exponent"].get<double>() == doctest::Approx(2.0).epsilon(0.01));
  CHECK(to_markdown(report).find("| elastic | serve | 1.000 |") != std::string::npos);
  const std::string csv = to_csv(report);
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 7);
  const std::string html = to_html(report);
  CHECK(html.find("1 &lt; 2") != std::string::npos);
  CHECK(html.find("<svg") != std::string::npos);
  CHECK(html.find("http") == std::string::npos);  // the page fetches nothing
}

// A row with two kernels, and one without: it did not fit in memory.
Report report_of_kernels() {
  Report report;
  report.baseline = "softmax";
  report.ops = true;
  report.rows.resize(2);
  report.rows[0].workload = small("elastic", Phase::kServe, 64);
  report.rows[0].timing.ms_median = 1.0;
  report.rows[0].kernels = {{"gather", {3, 0.25, 8.0, 16.0}}, {"linear", {1, 0.75, 2e3, 64.0}}};
  report.rows[1].workload = small("elastic", Phase::kServe, 128);
  report.rows[1].status = RowStatus::kOutOfMemory;
  return report;
}

TEST_CASE("report: every format has the kernels if they were asked for") {
  Report report = report_of_kernels();
  const auto json = to_json(report)["rows"];
  REQUIRE(json[0]["kernels"].size() == 2);
  CHECK(json[0]["kernels"][0]["kernel"] == "linear");
  CHECK(json[0]["kernels"][0]["kernel_share"] == 0.75);
  CHECK(json[0]["kernels"][1]["calls"] == 3);
  CHECK(json[0]["kernels"][1]["kernel_ms"] == 250.0);
  CHECK(json[0]["kernels"][1]["kernel_bytes"] == 16.0);
  CHECK(json[1]["kernels"].empty());
  const std::string csv = to_csv(report);
  CHECK(csv.find(",baseline,kernel,calls,kernel_ms,kernel_share,kernel_flops,kernel_bytes\n") !=
        std::string::npos);
  CHECK(csv.find(",linear,1,750.0,0.75,2000.0,64.0\n") != std::string::npos);
  CHECK(csv.find(",gather,3,250.0,0.25,8.0,16.0\n") != std::string::npos);
  CHECK(csv.ends_with(",,,,,,\n"));
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 4);
  CHECK(to_markdown(report).find("| linear | 1 |") != std::string::npos);
  CHECK(to_html(report).find("linear") != std::string::npos);
  report.ops = false;
  CHECK_FALSE(to_json(report)["rows"][0].contains("kernels"));
  CHECK(to_csv(report).find("linear") == std::string::npos);
  CHECK(to_markdown(report).find("linear") == std::string::npos);
}

TEST_CASE("report: without a row of the baseline there is no speed-up, rather than 0") {
  Report report = report_of_kernels();
  report.ops = false;
  CHECK_FALSE(speedup(report.rows[0], report).has_value());
  CHECK(to_json(report)["rows"][0]["speedup"].is_null());
  CHECK(to_csv(report).ends_with(",,,false,,,0.0,0.0,1,,,false,,softmax\n"));
  report.baseline = "elastic";
  CHECK(speedup(report.rows[0], report) == 1.0);
  CHECK_FALSE(speedup(report.rows[1], report).has_value());  // not measured
}

}  // namespace
}  // namespace elastic::profile
