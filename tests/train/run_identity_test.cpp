#include "train/run_identity.h"

#include <doctest/doctest.h>

#include <set>

#include "base/error.h"

namespace elastic::train {
namespace {

TEST_CASE("run identity: options, data and items each make another run") {
  const std::set<std::string> runs{make_identity("options", "data", "items").run,
                                   make_identity("other", "data", "items").run,
                                   make_identity("options", "other", "items").run,
                                   make_identity("options", "data", "other").run,
                                   make_identity("optionsd", "ata", "items").run};
  CHECK(runs.size() == 5);
  CHECK(make_identity("options", "data", "items").run ==
        make_identity("options", "data", "items").run);
  CHECK(make_identity("options", "data", "items").options == "options");
  CHECK(make_identity("options", "data", "items").items_hash == "items");
}

TEST_CASE("run identity: a file of another run is refused, one without a hash is not") {
  CHECK_NOTHROW(check_same_run("FILE", "a", "a"));
  CHECK_NOTHROW(check_same_run("FILE", "", "a"));
  CHECK_NOTHROW(check_same_run("FILE", "a", ""));
  CHECK_THROWS_WITH_AS(check_same_run("FILE", "a", "b"),
                       doctest::Contains("FILE: belongs to another run (a)"),
                       CheckpointError);
}

}  // namespace
}  // namespace elastic::train
