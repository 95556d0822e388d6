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
  CHECK(nearest("ndcg@10", {"HR@10", "NDCG@10"}) == "NDCG@10");
  CHECK(did_you_mean("dims", names) == "; did you mean dim?");
  CHECK(did_you_mean("qqqqqqqq", names).empty());
  CHECK(did_you_mean("usre", {"", "user"}) == "; did you mean user?");  // a column without a name
}

TEST_CASE("nearest: names of other programs lead to those here, if they are candidates") {
  const std::vector<std::string> flags{"--learning-rate", "--max-len", "--dim", "--lr-decay"};
  CHECK(did_you_mean("--lr", flags) == "; did you mean --learning-rate?");
  CHECK(did_you_mean("--MAX_ITEM_LIST_LENGTH", flags) == "; did you mean --max-len?");
  CHECK(did_you_mean("hidden-units", {"dim"}) == "; did you mean dim?");
  CHECK(did_you_mean("SASRec", {"gru", "softmax"}) == "; did you mean softmax?");
  CHECK(did_you_mean("gru4rec", {"softmax"}).empty());
  CHECK(did_you_mean("--dims", flags) == "; did you mean --dim?");
}

}  // namespace
}  // namespace elastic
