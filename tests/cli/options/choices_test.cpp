// Options with named choices, of all commands.
#include <doctest/doctest.h>

#include <algorithm>

#include "base/error.h"
#include "cli/runs/run_data.h"
#include "cli/usage/command.h"
#include "cli/usage/completion.h"
#include "train/train_config.h"

namespace elastic::cli {
namespace {

// Calls check(option, target) for each; returns their number.
template <class Check>
int for_each_choice(const Check& check) {
  int count = 0;
  for (const auto& command : make_all_commands()) {
    CAPTURE(command->name());
    OptionTable table;
    command->declare(table);
    for (const auto& option : table.options()) {
      CAPTURE(option->key);
      if (const auto* target = std::get_if<TextTarget>(&option->target)) {
        check(*option, *target);
        ++count;
      }
    }
  }
  return count;
}

TEST_CASE("choices: every name is read, written, shown in the help and offered to shells") {
  const int count = for_each_choice([](const Option& option, const TextTarget& target) {
    for (const ChoiceName& choice : target.names()) {
      CAPTURE(choice.name);
      set_from_text(option.target, choice.name, "test");
      CHECK(to_text(option.target) == choice.name);
      set_from_json(option.target, to_json(option.target), "test");
      CHECK(to_text(option.target) == choice.name);
      CHECK(option.help.find(choice.name) != std::string::npos);
      const auto& texts = option.choices.texts;
      CHECK(std::find(texts.begin(), texts.end(), choice.name) != texts.end());
    }
  });
  CHECK(count > 40);
}

TEST_CASE("choices: a mistyped name is refused, naming the nearest, and changes nothing") {
  for_each_choice([](const Option& option, const TextTarget& target) {
    const std::string before = to_text(option.target);
    for (const ChoiceName& choice : target.names()) {
      if (choice.name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string::npos) {
        continue;  // separators such as ||: other characters are separators, too
      }
      const std::string text = "_" + choice.name;
      const std::string message = [&] {
        try {
          set_from_text(option.target, text, "--option");
        } catch (const UsageError& error) {
          return std::string(error.what());
        }
        return std::string("accepted");
      }();
      CAPTURE(message);
      CHECK(message.starts_with("--option: expected "));
      CHECK(message.find("got '" + text + "'") != std::string::npos);
      CHECK(message.ends_with("did you mean " + choice.name + "?"));
    }
    CHECK(to_text(option.target) == before);
    CHECK_THROWS_AS(set_from_json(option.target, 7, "test"), UsageError);
  });
}

TEST_CASE("choices: completions list them") {
  const std::vector<ListedCommand> commands = listed_commands();
  for (const std::string& script : {bash_completion(commands), fish_completion(commands)}) {
    CHECK(script.find("softmax sampled-softmax bce gbce") != std::string::npos);
    CHECK(script.find("encode serve train rank") != std::string::npos);
    CHECK(script.find("elastic-causal") != std::string::npos);
  }
  CHECK(zsh_completion(commands).find("(constant cosine)") != std::string::npos);
}

TEST_CASE("choices: the refusal names the source of the value") {
  train::TrainConfig config;
  OptionTable table;
  table.add_all(config);
  CHECK_THROWS_WITH_AS(table.apply_flag(table.find("schedule"), "cosin"),
                       "--schedule: expected constant or cosine, got 'cosin'; did you mean cosine?",
                       UsageError);
  CHECK_THROWS_WITH_AS(table.apply_config(nlohmann::json{{"schedule", "x"}}, "c.json"),
                       "c.json: schedule: expected constant or cosine, got 'x'",
                       UsageError);
  table.apply_flag(table.find("schedule"), "cosine");
  CHECK(config.optimizer.schedule == train::Schedule::kCosine);
}

TEST_CASE("choices: an option that used to be a switch accepts its former values") {
  data::DataConfig config;
  OptionTable table;
  declare_data(table, config);
  table.apply_config(nlohmann::json{{"drop_duplicates", true}}, "c.json");
  CHECK(config.filters.drop_duplicates == data::Duplicates::kAll);
  table.apply_flag(table.find("drop_duplicates"), "false");
  CHECK(config.filters.drop_duplicates == data::Duplicates::kNone);
  table.apply_flag(table.find("drop_duplicates"), "consecutive");
  CHECK(config.filters.drop_duplicates == data::Duplicates::kConsecutive);
}

TEST_CASE("choices: texts of the separator are its name or the characters") {
  data::DataConfig config;
  OptionTable table;
  declare_data(table, config);
  for (const char* text : {"auto", "tab", ";", "semicolon", "::"}) {
    table.apply_flag(table.find("separator"), text);
    CHECK(to_text(table.find("separator").target) == text);
  }
  CHECK_THROWS_WITH_AS(table.apply_flag(table.find("separator"), "dots"),
                       doctest::Contains("--separator: expected auto, tab"),
                       UsageError);
}

}  // namespace
}  // namespace elastic::cli
