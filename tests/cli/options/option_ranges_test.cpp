#include <doctest/doctest.h>

#include "base/error.h"
#include "cli/options/option_table.h"
#include "cli/usage/command.h"

namespace elastic::cli {
namespace {

TEST_CASE("option ranges: every number of every command has a range that holds its default") {
  for (const auto& command : make_all_commands()) {
    OptionTable table;
    command->declare(table);
    for (const auto& option : table.options()) {
      CAPTURE(command->name());
      CAPTURE(option->key);
      if (const auto* const* whole = std::get_if<std::int64_t*>(&option->target)) {
        REQUIRE(std::holds_alternative<Range>(option->range));
        CHECK(std::get<Range>(option->range).contains(**whole));
      } else if (const auto* const* real = std::get_if<double*>(&option->target)) {
        REQUIRE(std::holds_alternative<RealRange>(option->range));
        CHECK(std::get<RealRange>(option->range).contains(**real));
      } else {
        CHECK(std::holds_alternative<std::monostate>(option->range));
      }
    }
  }
}

TEST_CASE("option ranges: flags, variables and files are refused with their own name") {
  std::int64_t threads = 0;
  double seconds = 60.0;
  OptionTable table;
  table.add("threads", &threads, "threads").within(kThreadCounts);
  table.add("save_every_s", &seconds, "seconds").within(kSeconds);
  CHECK_THROWS_WITH_AS(
      table.apply_flag(table.find("threads"), std::vector<std::string>{"2147483648"}),
      "--threads: expected 0 to 4096, got 2147483648",
      UsageError);
  CHECK_THROWS_WITH_AS(table.apply_flag(table.find("save_every_s"), std::vector<std::string>{"-5"}),
                       "--save-every-s: expected 0 to 1e+09, got -5",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_config({{"threads", -1}}, "c.json"),
                       "c.json: threads: expected 0 to 4096, got -1",
                       UsageError);
  const char* const variables[] = {"ELASTIC_THREADS=4097", nullptr};
  CHECK_THROWS_WITH_AS(table.apply_environment(variables, {}),
                       "environment: ELASTIC_THREADS: expected 0 to 4096, got 4097",
                       UsageError);
  table.apply_flag(table.find("threads"), std::vector<std::string>{"4096"});
  CHECK(threads == 4096);
}

}  // namespace
}  // namespace elastic::cli
