#include "base/choice.h"

#include <doctest/doctest.h>

#include "base/text_field.h"

namespace elastic {
namespace {

enum class Colour { kRed, kGreen, kBlue };
constexpr auto choices_of(Colour) {
  using enum Colour;
  return std::to_array<Choice<Colour>>(
      {{kRed, "red"}, {kGreen, "green", "as grass"}, {kBlue, "blue"}});
}

TEST_CASE("choices: a name and its value lead to each other") {
  CHECK(choice_name(Colour::kGreen) == std::string("green"));
  CHECK(find_choice<Colour>("blue") == Colour::kBlue);
  CHECK(!find_choice<Colour>("Blue"));
  for (const ChoiceName& choice : choice_names<Colour>()) {
    CHECK(choice_name(parse_choice<Colour>(choice.name, "--colour")) == choice.name);
  }
}

TEST_CASE("choices: a refusal names the source, all names, the text and the nearest name") {
  CHECK_THROWS_WITH_AS(parse_choice<Colour>("gren", "--colour"),
                       "--colour: expected red, green or blue, got 'gren'; did you mean green?",
                       UsageError);
  CHECK_THROWS_WITH_AS(parse_choice<Colour>("", "c.json: colour"),
                       "c.json: colour: expected red, green or blue, got ''",
                       UsageError);
}

TEST_CASE("choices: the help has every name with its words") {
  CHECK(describe_choices(choice_names<Colour>()) == "red, green (as grass) or blue");
  CHECK(describe_choices(choice_names<Colour>(), "a number") ==
        "red, green (as grass), blue or a number");
  CHECK(alternatives({"one"}) == "one");
}

TEST_CASE("text fields: a choice or nothing, and several choices") {
  using Maybe = TextField<std::optional<Colour>>;
  CHECK(!Maybe::parse("", "x"));
  CHECK(Maybe::text(std::nullopt).empty());
  CHECK(Maybe::text(Maybe::parse("blue", "x")) == "blue");
  CHECK_THROWS_AS(Maybe::parse("blu", "x"), UsageError);

  using Several = TextField<std::vector<Colour>>;
  CHECK(Several::parse("blue,red", "x") == std::vector{Colour::kBlue, Colour::kRed});
  CHECK(Several::text({Colour::kBlue, Colour::kRed}) == "blue,red");
  CHECK_THROWS_WITH_AS(Several::parse("red,blu", "--colours"),
                       "--colours: expected red, green or blue, got 'blu'; did you mean blue?",
                       UsageError);
  CHECK_THROWS_AS(Several::parse("red,", "x"), UsageError);
}

}  // namespace
}  // namespace elastic
