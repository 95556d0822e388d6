#include "profile/imported.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "profile/report.h"
#include "profile/row_text.h"

namespace elastic::profile::imported_test {
namespace {

std::vector<Row> rows_of(const std::string& text) {
  const std::string file =
      (std::filesystem::temp_directory_path() / concat("elastic_rows_", getpid(), ".json"))
          .string();
  std::ofstream(file) << text;
  struct Removed {
    const std::string& file;
    ~Removed() { std::filesystem::remove(file); }
  } const removed{file};
  return read_imported_rows(file, train::SupervisionChoice::kAll);
}

// Rows of three lengths whose time grows with the square of the length.
std::vector<Row> three_lengths() {
  return rows_of(R"([
    {"name": "theirs", "phase": "encode", "length": 64, "batch": 2, "seconds": 0.064},
    {"name": "theirs", "phase": "encode", "length": 128, "batch": 2, "seconds": 0.256},
    {"name": "theirs", "phase": "encode", "length": 256, "batch": 2, "seconds": 1.024}])");
}

TEST_CASE("imported: a row has the values of the file") {
  const std::vector<Row> rows = rows_of(R"([
    {"name": "theirs", "phase": "train", "length": 64, "batch": 2, "seconds": [0.5, 0.25, 1],
     "peak_bytes": 3145728, "activation_bytes": 1048576},
    {"name": "theirs", "phase": "serve", "length": 8, "batch": 1, "seconds": 2}])");
  REQUIRE(rows.size() == 2);
  CHECK(rows[0].imported);
  CHECK(rows[0].status == RowStatus::kOk);
  CHECK(rows[0].workload.model.model == "theirs");
  CHECK(rows[0].workload.phase == Phase::kTrain);
  CHECK(rows[0].workload.supervision == train::SupervisionChoice::kAll);
  CHECK(rows[0].workload.model.max_len == 64);
  CHECK(rows[0].workload.batch == 2);
  CHECK(rows[0].seconds == std::vector<double>{0.5, 0.25, 1.0});
  CHECK(rows[0].timing.ms_median == 500.0);
  CHECK(rows[0].timing.ms_min == 250.0);
  CHECK(rows[0].timing.tokens_per_s == 256.0);
  CHECK(growing_bytes(rows[0]) == 1048576.0);
  CHECK(series_name(rows[0]) == "theirs, supervision all (imported)");
  CHECK(rows[1].seconds.empty());
  CHECK(rows[1].timing.ms_median == 2000.0);
  CHECK(growing_bytes(rows[1]) == 0.0);
}

TEST_CASE("imported: every format has the rows, marked, with their fits and speed-ups") {
  Report report;
  report.baseline = "theirs";
  report.imported = "rows.json";
  report.rows = three_lengths();
  const nlohmann::ordered_json json = to_json(report);
  CHECK(json["imported"] == "rows.json");
  CHECK(json["rows"][0]["imported"] == true);
  CHECK(json["rows"][0]["model"] == "theirs");
  CHECK(json["rows"][0]["speedup"] == 1.0);
  for (const char* key :
       {"device", "dim", "peak_bytes", "activation_bytes", "flops", "gemm_share"}) {
    CAPTURE(key);
    CHECK(json["rows"][0][key].is_null());
  }
  REQUIRE(json["fits"].size() == 1);
  CHECK(json["fits"][0]["model"] == "theirs (imported)");
  CHECK(json["fits"][0]["time_exponent"].get<double>() == doctest::Approx(2.0).epsilon(0.01));
  CHECK(json["fits"][0]["memory_exponent"].is_null());
  const std::string text = to_markdown(report);
  CHECK(
      text.find("| theirs (imported) | encode | 64 | 2 | ok | 64.00 | 64.00 | 64.00 | 2000 | 31.25 "
                "| - | - | - | - | - | - | - | - | x1.000 | - | - |\n") != std::string::npos);
  CHECK(text.find("Imported rows are from rows.json.\n") != std::string::npos);
  CHECK(text.find("| theirs (imported) | encode | 2.000 | - | ") != std::string::npos);
  CHECK(to_csv(report).find("\ntheirs (imported),theirs,true,encode,,64,2,,,") !=
        std::string::npos);
  CHECK(to_html(report).find("theirs (imported)") != std::string::npos);
  for (Row& row : report.rows) {
    row.peak_bytes.total = 1000.0 * static_cast<double>(row.workload.model.max_len);
  }
  CHECK(to_json(report)["fits"][0]["memory_exponent"].get<double>() ==
        doctest::Approx(1.0).epsilon(0.01));
}

TEST_CASE("imported: other files are refused with the row and the reason") {
  const auto refused = [](const std::string& text, const std::string& reason) {
    CAPTURE(text);
    std::string message;
    try {
      rows_of(text);
    } catch (const UsageError& error) {
      message = error.what();
    }
    CAPTURE(message);
    CHECK(message.starts_with("--import "));
    CHECK(message.find(reason) != std::string::npos);
  };
  refused("", ": expected a list of rows in JSON, got another text");
  refused("{\"rows\": []}", ": expected a list of rows in JSON, got another value");
  refused("[]", ": expected a list of rows in JSON, got none");
  refused("[1]", ": row 1: is not an object");
  const auto row = [](const std::string& changed) {
    nlohmann::json values = {
        {"name", "theirs"}, {"phase", "serve"}, {"length", 8}, {"batch", 1}, {"seconds", 1}};
    values.update(nlohmann::json::parse(changed));
    for (auto at = values.begin(); at != values.end();) {
      at = at->is_null() ? values.erase(at) : std::next(at);
    }
    return "[" + values.dump() + "]";
  };
  CHECK(rows_of(row("{}")).size() == 1);
  refused(row(R"({"lenght": 3})"), ": row 1: unknown key 'lenght'; did you mean length?");
  refused(row(R"({"name": null})"), ": row 1: has no name");
  refused(row(R"({"name": ""})"), ": name is not a text");
  refused(row(R"({"name": "a|b"})"), ": name is not a line of text without |");
  refused(row(R"({"name": "lda"})"), ": name: 'lda' is a model of `elastic models`");
  refused(row(R"({"phase": 1})"), ": phase is not a text");
  refused(row(R"({"phase": "trian"})"), ": phase: expected encode, serve, train or rank");
  refused(row(R"({"length": 0})"), ": length is not a whole number from 1 to 16777216");
  refused(row(R"({"length": 18446744073709551615})"), ": length is not a whole number");
  refused(row(R"({"batch": 1.5})"), ": batch is not a whole number");
  refused(row(R"({"seconds": []})"), ": seconds is neither");
  refused(row(R"({"seconds": [1, 0]})"), ": seconds is neither");
  refused(row(R"({"seconds": "1"})"), ": seconds is neither");
  refused(row(R"({"peak_bytes": -1})"), ": peak_bytes is not 0 or more");
  CHECK_THROWS_AS(read_imported_rows("/no/such/rows.json", train::SupervisionChoice::kLast),
                  UsageError);
}

}  // namespace
}  // namespace elastic::profile::imported_test
