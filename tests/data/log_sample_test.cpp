#include "data/log_sample.h"

#include <doctest/doctest.h>

#include <string>

namespace elastic::data {
namespace {

TEST_CASE("log sample: lines from the whole text, without their line ends") {
  std::string text;
  for (int i = 0; i < 2000; ++i) {
    text += "u" + std::to_string(i) + ",m1,1000\r\n";
  }
  const LogSample sample = sample_log(text, "log.csv");
  CHECK(sample.head.size() == 200);
  CHECK(sample.rest.size() > 400);
  for (const auto& lines : {sample.head, sample.rest}) {
    for (const std::string_view line : lines) {
      REQUIRE(line.ends_with(",m1,1000"));
    }
  }
}

}  // namespace
}  // namespace elastic::data
