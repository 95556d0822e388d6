#include "cli/options/option_choices.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <set>

#include "base/error.h"
#include "data/data_config.h"
#include "model/model_config.h"
#include "temporary_folder.h"
#include "tensor/dtype.h"
#include "train/train_config.h"

namespace elastic::cli {
namespace {

// The words of "X: expected [one of] a, b or c, got 'no-such'".
std::set<std::string> words_of(const std::string& message) {
  const std::string begin = "expected ";
  const std::size_t from = message.find(begin) + begin.size();
  std::string list = message.substr(from, message.find(", got") - from);
  if (list.rfind("one of ", 0) == 0) {
    list = list.substr(7);
  }
  if (const std::size_t last = list.find(" or "); last != std::string::npos) {
    list.replace(last, 4, ", ");
  }
  std::set<std::string> words;
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(", ", at), list.size());
    words.insert(list.substr(at, end - at));
    at = end + 2;
  }
  return words;
}

// Every text option with closed choices that the library itself refuses lists the same words there.
template <class Config, class Check>
void compare(Check&& check_config, std::size_t expected_options) {
  Config config;
  OptionTable table;
  table.add_all(config);
  declare_choices("train", table);
  std::size_t compared = 0;
  for (const auto& option : table.options()) {
    if (option->choices.texts.empty() || option->choices.open) {
      continue;
    }
    CAPTURE(option->key);
    const std::string before = to_text(option->target);
    set_from_text(option->target, "no-such", "test");
    std::string message;
    try {
      check_config(config);
    } catch (const UsageError& error) {
      message = error.what();
    }
    const auto& texts = option->choices.texts;
    CHECK(words_of(message) == std::set<std::string>(texts.begin(), texts.end()));
    set_from_text(option->target, before, "test");
    ++compared;
  }
  CHECK(compared >= expected_options);
}

TEST_CASE("choices: of the model and of training they are those that the library takes") {
  compare<ModelConfig>([](const ModelConfig& config) { check(config); }, 7);
  compare<train::TrainConfig>([](const train::TrainConfig& config) { train::check(config); }, 6);
}

TEST_CASE("choices: of the data and the device too") {
  CHECK_THROWS_WITH_AS(
      parse_device("no-such"), "--device: expected cpu or cuda, got 'no-such'", UsageError);
  const TemporaryFolder folder;
  std::ofstream(folder.file("log.csv")) << "user,item\nu1,m1\nu1,m2\n";
  compare<data::DataConfig>(
      [&](data::DataConfig config) {
        config.data = folder.file("log.csv");
        data::load_data(config);
      },
      4);
}

TEST_CASE("choices: a value that is none of them is refused, naming what set it") {
  std::string schedule = "constant";
  std::string phases = "train";
  OptionTable table;
  table.add("schedule", &schedule, "how");
  table.add("phase", &phases, "what");
  declare_choices("profile", table);
  CHECK_NOTHROW(table.check_choices());
  Option& option = *table.options()[0];
  table.apply_flag(option, "cosin");
  CHECK_THROWS_WITH_AS(table.check_choices(),
                       "--schedule: expected constant or cosine, got 'cosin'; did you mean cosine?",
                       UsageError);
  table.apply_config(nlohmann::json{{"schedule", "x"}}, "c.json");
  CHECK_THROWS_WITH_AS(
      table.check_choices(), "c.json: schedule: expected constant or cosine, got 'x'", UsageError);
  table.apply_flag(option, "cosine");
  table.apply_flag(*table.options()[1], "train,sreve");
  CHECK_THROWS_WITH_AS(
      table.check_choices(),
      "--phase: expected encode, serve, train or rank, got 'sreve'; did you mean serve?",
      UsageError);
  table.apply_flag(*table.options()[1], "train,serve");
  CHECK_NOTHROW(table.check_choices());
}

}  // namespace
}  // namespace elastic::cli
