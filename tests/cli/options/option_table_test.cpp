#include "cli/options/option_table.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "cli/options/option_sources.h"
#include "model/model_config.h"

namespace elastic::cli {
namespace {

struct Values {
  std::int64_t num_experts = 8;
  double dropout = 0.1;
  bool filter_seen = true;
  std::string model = "elastic";
  std::uint64_t seed = 42;
  bool resume = false;
  bool quiet = false;
};

struct Fixture {
  Values values;
  OptionTable table;
  Fixture() {
    table.begin_group("Model");
    table.add("num_experts", &values.num_experts, "experts");
    table.add("dropout", &values.dropout, "rate");
    table.add("model", &values.model, "name");
    table.begin_group("Other");
    table.add("filter_seen", &values.filter_seen, "leave out what was seen");
    table.add("seed", &values.seed, "seed");
    table.add("resume", &values.resume, "go on").scope = Scope::kFlagOnly;
  }
  Option& option(const std::string& key) {
    for (auto& candidate : table.options()) {
      if (candidate->key == key) {
        return *candidate;
      }
    }
    throw std::runtime_error(key);
  }
};

using nlohmann::json;

TEST_CASE_FIXTURE(Fixture, "options: names follow from the key") {
  CHECK(option("num_experts").flag() == "--num-experts");
  CHECK(option("num_experts").environment() == "ELASTIC_NUM_EXPERTS");
  CHECK(option("dropout").default_text == "0.1");
}

TEST_CASE_FIXTURE(Fixture, "options: later layers win, and the source is remembered") {
  const char* const environment[] = {"HOME=/", "ELASTIC_DROPOUT=0.3", "ELASTIC_SEED=7", nullptr};
  table.apply_config(json{{"num_experts", 4}, {"dropout", 0.2}, {"model", "lda"}}, "c.json");
  table.apply_environment(environment, {});
  table.apply_flag(option("seed"), "9");
  CHECK(values.num_experts == 4);
  CHECK(values.dropout == 0.3);
  CHECK(values.model == "lda");
  CHECK(values.seed == 9);
  CHECK(option("num_experts").source == "c.json");
  CHECK(option("dropout").source == "ELASTIC_DROPOUT");
  CHECK(option("seed").source == "--seed");
  CHECK(option("filter_seen").source == "default");
}

TEST_CASE_FIXTURE(Fixture, "options: unknown names are refused, with the nearest") {
  CHECK_THROWS_WITH_AS(table.apply_config(json{{"num_expert", 4}}, "c.json"),
                       "c.json: unknown key \"num_expert\"; did you mean num_experts?",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_config(json{{"resume", true}}, "c.json"),
                       "c.json: unknown key \"resume\"",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_config(json::array(), "c.json"),
                       "c.json: expected an object {\"option\": value, ...}",
                       UsageError);
  const char* const mistyped[] = {"ELASTIC_DROPUOT=0.3", nullptr};
  CHECK_THROWS_WITH_AS(
      table.apply_environment(mistyped, {}),
      "environment: unknown variable ELASTIC_DROPUOT; did you mean ELASTIC_DROPOUT?",
      UsageError);
}

TEST_CASE_FIXTURE(Fixture, "options: variables of other commands and programs are accepted") {
  const char* const others[] = {"ELASTIC_TOP_K=3",
                                "ELASTIC_GOLDEN_DIR=/x",
                                "ELASTIC_APM_URL=x",
                                "ELASTIC_PASSWORD=x",
                                nullptr};
  CHECK_NOTHROW(table.apply_environment(others, {"ELASTIC_TOP_K"}));
}

TEST_CASE_FIXTURE(Fixture, "options: a wrong type names option and source") {
  CHECK_THROWS_WITH_AS(table.apply_config(json{{"num_experts", "8"}}, "c.json"),
                       "c.json: num_experts: expected an integer, got \"8\"",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_config(json{{"num_experts", 8.5}}, "c.json"),
                       "c.json: num_experts: expected an integer, got 8.5",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_config(json{{"filter_seen", 1}}, "c.json"),
                       "c.json: filter_seen: expected true or false, got 1",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_config(json{{"seed", -1}}, "c.json"),
                       "c.json: seed: expected an integer from 0, got -1",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_flag(option("dropout"), "0.1x"),
                       "--dropout: expected a number, got \"0.1x\"",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_flag(option("dropout"), "nan"),
                       "--dropout: expected a number, got \"nan\"",
                       UsageError);
  const char* const wrong[] = {"ELASTIC_NUM_EXPERTS=", nullptr};
  CHECK_THROWS_WITH_AS(table.apply_environment(wrong, {}),
                       "environment: ELASTIC_NUM_EXPERTS: expected an integer, got \"\"",
                       UsageError);
  CHECK(values.num_experts == 8);
}

TEST_CASE_FIXTURE(Fixture, "options: an integer beyond 64 bits is refused") {
  CHECK_THROWS_AS(table.apply_flag(option("num_experts"), "9223372036854775808"), UsageError);
  CHECK_THROWS_AS(table.apply_config(json{{"num_experts", 9223372036854775808ULL}}, "c.json"),
                  UsageError);
}

TEST_CASE_FIXTURE(Fixture, "options: a second value is refused unless the option takes several") {
  CHECK_THROWS_WITH_AS(table.apply_flag(option("num_experts"), std::vector<std::string>{"3", "5"}),
                       "--num-experts: takes one value, got 2: '3' and '5'",
                       UsageError);
  std::vector<std::string> files;
  Option& several = table.add("files", &files, "files to read");
  CHECK(to_json(several.target) == "");
  table.apply_flag(several, std::vector<std::string>{"a.csv", "b,c.csv"});
  CHECK(files == std::vector<std::string>{"a.csv", "b,c.csv"});
  CHECK(to_json(several.target) == json{"a.csv", "b,c.csv"});
  table.apply_config(json{{"files", "d.csv"}}, "c.json");
  CHECK(files == std::vector<std::string>{"d.csv"});
  CHECK(to_json(several.target) == "d.csv");
  CHECK_THROWS_WITH_AS(table.apply_config(json{{"files", {1, 2}}}, "c.json"),
                       "c.json: files: expected text or a list of texts, got [1,2]",
                       UsageError);
}

TEST_CASE_FIXTURE(Fixture, "options: the printed config reads back, with sources as comments") {
  table.apply_flag(option("model"), "lda");
  const std::string text = table.print_config();
  CHECK(text.find("// --model") != std::string::npos);
  const json parsed = json::parse(text, nullptr, true, true);
  CHECK(parsed.size() == 5);
  Fixture other;
  other.table.apply_config(parsed, "printed");
  CHECK(other.values.model == "lda");
  CHECK(other.values.dropout == 0.1);
}

TEST_CASE_FIXTURE(Fixture,
                  "options: options that a config file cannot hold are printed as comments") {
  table.add("quiet", &values.quiet, "no notes").scope = Scope::kSession;
  const char* const environment[] = {"ELASTIC_QUIET=yes", nullptr};
  table.apply_environment(environment, {});
  const std::string text = table.print_config();
  CHECK(text.find("  // \"quiet\": true") != std::string::npos);
  CHECK(text.find("// ELASTIC_QUIET\n") != std::string::npos);
  CHECK(json::parse(text, nullptr, true, true).size() == 5);
}

TEST_CASE("options: without options for config files, session options are the entries") {
  bool quiet = false;
  std::string run;
  OptionTable table;
  table.add("run", &run, "the run").scope = Scope::kPositional;
  table.add("quiet", &quiet, "no notes").scope = Scope::kSession;
  CHECK(json::parse(table.print_config(), nullptr, true, true) == json{{"quiet", false}});
}

TEST_CASE_FIXTURE(Fixture, "options: sources survive a resume") {
  table.apply_config(json{{"num_experts", 4}, {"dropout", 0.1}, {"model", "lda"}}, "run/c.json");
  table.apply_flag(option("seed"), "9");
  const nlohmann::ordered_json before{{"num_experts", "--num-experts"}, {"seed", "ELASTIC_SEED"}};
  const nlohmann::ordered_json expected{
      {"num_experts", "--num-experts"}, {"model", "run/c.json"}, {"seed", "--seed"}};
  CHECK(option_sources(table, before, "run/c.json") == expected);
  CHECK(option_sources(table, nullptr, "run/c.json").size() == 3);
  CHECK(option_sources(table, nullptr, "other.json").size() == 4);
}

TEST_CASE("options: a config struct declares itself") {
  ModelConfig config;
  OptionTable table;
  table.add_all(config);
  table.apply_config(json{{"num_layers", 3}, {"model", "lda"}}, "c.json");
  CHECK(config.num_layers == 3);
  CHECK(config.model == "lda");
}

}  // namespace
}  // namespace elastic::cli
