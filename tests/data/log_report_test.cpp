#include "data/log_report.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "data/data_config.h"
#include "data/temporary_file.h"

namespace elastic::data::log_report_test {
namespace {

LogReport report_of(const std::string& text) {
  const TemporaryFile file("log.csv", text);
  DataConfig config;
  config.data = {file.path()};
  return load_data(config).log;
}

TEST_CASE("log report: counts, the first event and the span of times") {
  const LogReport report = report_of(
      "user,item,rating,timestamp\nu,a,4,1225058300\nv,b,2.5,1225058293\nu,b,1,1225058301\n");
  CHECK(report.users == 2);
  CHECK(report.items == 2);
  CHECK(report.events == 3);
  CHECK(report.first_event.user == "u");
  CHECK(report.first_event.item == "a");
  CHECK(report.first_event.rating == 4.0F);
  CHECK(report.first_event.time == "1225058300 (2008-10-26T21:58:20Z)");
  REQUIRE(report.times);
  CHECK(report.times->first == "1225058293 (2008-10-26T21:58:13Z)");
  CHECK(report.times->last == "1225058301 (2008-10-26T21:58:21Z)");
  CHECK(report.times->unit == "seconds");
  CHECK(report.times->ties == 0.0);
  CHECK(report.times->identical == 0.0);
  CHECK(report.repeats == 0.0);
}

TEST_CASE("log report: the unit of times that are dates") {
  for (const auto& [unit, factor] : {std::pair("seconds", ""),
                                     {"milliseconds", "000"},
                                     {"microseconds", "000000"},
                                     {"nanoseconds", "000000000"}}) {
    const LogReport report = report_of(
        concat("user,item,timestamp\nu,a,1225058300", factor, "\nu,b,1225058301", factor, "\n"));
    REQUIRE(report.times);
    CHECK(report.times->unit == std::string(unit));
  }
  CHECK(report_of("user,item,timestamp\nu,a,1\nu,b,2\n").times->unit.empty());
  CHECK(report_of("user,item,timestamp\nu,a,2008-10-26\nu,b,2008-10-27\n").times->unit ==
        std::string("seconds"));
  const LogReport untimed = report_of("u a\nu b\n");
  CHECK(!untimed.times);
  CHECK(!untimed.first_event.rating);
  CHECK(untimed.first_event.time.empty());
  CHECK(to_json(untimed)["order"] == "file");
  CHECK(!to_json(untimed).contains("times"));
  CHECK(!to_json(untimed)["first_event"].contains("rating"));
}

// Of user u, three events at 5, of which two with item a; at 7 item a again. v has no tie with u.
TEST_CASE("log report: ties, identical rows and repeats are shares of all events") {
  const LogReport report =
      report_of("user,item,timestamp\nu,a,5\nu,b,5\nu,a,7\nv,a,5\nu,a,5\nv,b,7\nv,c,7\nv,c,8\n");
  CHECK(report.times->ties == 5.0 / 8.0);       // u at 5, v at 7
  CHECK(report.times->identical == 1.0 / 8.0);  // u, a, 5
  CHECK(report.repeats == 3.0 / 8.0);           // u's a twice, v's c
  const nlohmann::ordered_json json = to_json(report);
  CHECK(json["times"]["ties"] == 5.0 / 8.0);
  CHECK(json["times"]["identical"] == 1.0 / 8.0);
  CHECK(json["repeats"] == 3.0 / 8.0);
}

TEST_CASE("log report: lengths of the histories") {
  std::string log;
  for (int user = 1; user <= 200; ++user) {  // as many events as the number of the user
    for (int event = 0; event < user; ++event) {
      log += concat("u", user, " i", event % 3, "\n");
    }
  }
  const HistoryLengths lengths = report_of(log).lengths;
  CHECK(lengths.least == 1);
  CHECK(lengths.mean == doctest::Approx(100.5));
  CHECK(lengths.median == 100);
  CHECK(lengths.percentile_90 == 180);
  CHECK(lengths.percentile_99 == 198);
  CHECK(lengths.longest == 200);
  const nlohmann::ordered_json json = to_json(report_of(log))["lengths"];
  CHECK(json["least"] == 1);
  CHECK(json["percentile_90"] == 180);
  CHECK(json["longest"] == 200);
  const HistoryLengths one = report_of("u a\nu b\n").lengths;
  CHECK(one.median == 2);
  CHECK(one.percentile_99 == 2);
}

}  // namespace
}  // namespace elastic::data::log_report_test
