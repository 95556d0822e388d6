#include "cli/sweeping/search_space.h"

#include <doctest/doctest.h>

#include <cmath>
#include <set>
#include <string>

#include "base/error.h"

namespace elastic::cli {
namespace search_space_test {

using Kind = Dimension::Kind;

TEST_CASE("search space: lists, ranges and distributions are read, names also as flags") {
  CHECK(parse_dimension("dim=64,128").values == std::vector<std::string>{"64", "128"});
  CHECK(parse_dimension("--learning-rate=1e-3").key == "learning_rate");
  CHECK(parse_dimension("dim=32,64-256*2").values ==
        std::vector<std::string>{"32", "64", "128", "256"});
  CHECK(parse_dimension("max_len=1k-3k+1k").values ==
        std::vector<std::string>{"1024", "2048", "3072"});
  CHECK(parse_dimension("query_norm=a-b").values == std::vector<std::string>{"a-b"});
  const Dimension rate = parse_dimension("learning_rate=log:1e-4:1e-2");
  CHECK(rate.kind == Kind::kLog);
  CHECK(rate.low == 1e-4);
  CHECK(rate.high == 1e-2);
  CHECK(parse_dimension("dropout=uniform:0:0.5").kind == Kind::kUniform);
  CHECK(parse_dimension("num_layers=int:1:4").kind == Kind::kInt);
}

TEST_CASE("search space: other texts are refused with the text and the reason") {
  for (const char* text : {"dim",
                           "=64",
                           "dim=",
                           "dim=64,",
                           "a=log:0:1",
                           "a=log:1",
                           "a=log:2:1",
                           "a=uniform:x:1",
                           "a=uniform:0:nan",
                           "a=int:1.5:2",
                           "dim=64-32*2",
                           "dim=64-128*1"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_dimension(text), UsageError);
  }
  CHECK_THROWS_WITH_AS(parse_dimension("a=log:0:1"),
                       doctest::Contains("--set a=log:0:1: a logarithmic distribution needs"),
                       UsageError);
  CHECK_THROWS_AS(parse_space({}), UsageError);
  CHECK_THROWS_WITH_AS(
      parse_space({"dim=1", "--dim=2"}), doctest::Contains("dim is set twice"), UsageError);
}

TEST_CASE("search space: each reason of a refusal is named") {
  const auto refused = [](const char* text, const char* reason) {
    CAPTURE(text);
    CHECK_THROWS_WITH_AS(parse_dimension(text), doctest::Contains(reason), UsageError);
  };
  refused("dim", "there is no OPTION=");
  refused("=64", "there is no OPTION=");
  refused("dim=", "a value is empty; expected OPTION=VALUES");
  refused("dim=64,,8", "a value is empty; expected OPTION=VALUES");
  refused("a=log:1", "a distribution has two ends");
  refused("a=log:2:1", "the low end is above the high end");
  refused("a=log:-1:1", "needs numbers above 0");
  refused("a=uniform:x:1", "'x' is not a number");
  refused("a=uniform:0:1x", "'1x' is not a number");
  refused("a=uniform:0:inf", "'inf' is not a number");
  refused("a=int:1.5:2", "int needs whole numbers");
  refused("a=int:1:2.5", "int needs whole numbers");
  refused("a=int:1:2e15", "int needs whole numbers");
  refused("dim=64-32*2", "--set dim=64-32*2");
}

TEST_CASE("search space: both ends of a distribution may be equal") {
  CHECK(draw_combination(parse_space({"a=int:3:3"}), 1, 0) == Draw{{"a", "3"}});
  CHECK(draw_combination(parse_space({"a=log:0.5:0.5"}), 1, 0) == Draw{{"a", "0.5"}});
  CHECK(draw_combination(parse_space({"a=uniform:-2:-2"}), 1, 0) == Draw{{"a", "-2"}});
}

TEST_CASE("search space: a grid holds every combination, the last option varying fastest") {
  const auto space = parse_space({"a=1,2", "b=x,y"});
  CHECK(is_grid(space));
  CHECK(all_combinations(space) == std::vector<Draw>{{{"a", "1"}, {"b", "x"}},
                                                     {{"a", "1"}, {"b", "y"}},
                                                     {{"a", "2"}, {"b", "x"}},
                                                     {{"a", "2"}, {"b", "y"}}});
  CHECK_FALSE(is_grid(parse_space({"a=1,2", "b=int:1:2"})));
  CHECK_THROWS_AS(all_combinations(parse_space({"a=1-9999+1", "b=1,2"})), UsageError);
}

TEST_CASE("search space: draws depend on seed, option and number alone") {
  const auto space = parse_space({"a=log:1e-4:1e-2", "b=int:1:3", "c=x,y", "d=uniform:-1:1"});
  const auto without_b = parse_space({"a=log:1e-4:1e-2", "c=x,y", "d=uniform:-1:1"});
  for (std::uint64_t i = 0; i < 20; ++i) {
    Draw draw = draw_combination(space, 1, i);
    CHECK(draw == draw_combination(space, 1, i));
    draw.erase(draw.begin() + 1);
    CHECK(draw == draw_combination(without_b, 1, i));
  }
  CHECK(draw_combination(space, 1, 0) != draw_combination(space, 2, 0));
}

TEST_CASE("search space: draws cover their range, logarithmic ones evenly by decade") {
  const auto space = parse_space({"a=log:1e-4:1e-2", "b=int:-1:1", "c=x,y", "d=uniform:-1:1"});
  std::set<std::string> whole;
  std::set<std::string> words;
  int below = 0;
  constexpr int kDraws = 400;
  for (std::uint64_t i = 0; i < kDraws; ++i) {
    const Draw draw = draw_combination(space, 7, i);
    const double rate = std::stod(draw[0].second);
    CHECK(rate >= 1e-4);
    CHECK(rate <= 1e-2);
    CHECK(draw[0].second.size() <= 9);  // 0.0001234 or 1.234e-04
    below += rate < 1e-3 ? 1 : 0;
    whole.insert(draw[1].second);
    words.insert(draw[2].second);
    CHECK(std::fabs(std::stod(draw[3].second)) <= 1.0);
  }
  CHECK(whole == std::set<std::string>{"-1", "0", "1"});
  CHECK(words == std::set<std::string>{"x", "y"});
  CHECK(below > kDraws * 2 / 5);
  CHECK(below < kDraws * 3 / 5);
}

}  // namespace search_space_test
}  // namespace elastic::cli
