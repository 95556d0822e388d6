#include "base/nearest.h"

#include <doctest/doctest.h>

namespace elastic {
namespace {

TEST_CASE("nearest: counts edits and swaps") {
  CHECK(edit_distance("", "") == 0);
  CHECK(edit_distance("abc", "") == 3);
  CHECK(edit_distance("kitten", "sitting") == 3);
  CHECK(edit_distance("epcohs", "epochs") == 1);
}

TEST_CASE("nearest: finds the closest name, or none if none is close") {
  const std::vector<std::string> names{"num_experts", "num_heads", "dim", "data"};
  CHECK(nearest("num_expert", names) == "num_experts");
  CHECK(nearest("numheads", names) == "num_heads");
  CHECK(nearest("dmi", names) == "dim");
  CHECK(nearest("learning_rate", names).empty());
  CHECK(nearest("x", names).empty());
  CHECK(did_you_mean("dims", names) == "; did you mean dim?");
  CHECK(did_you_mean("qqqqqqqq", names).empty());
}

}  // namespace
}  // namespace elastic
