#include "data/items_first.h"

#include <doctest/doctest.h>

#include "data/data_config.h"
#include "data/temporary_file.h"

namespace elastic::data::items_first_test {
namespace {

TEST_CASE("items first: other numbers, the same users, events and times") {
  const TemporaryFile file("log.txt", "user,item,timestamp\nu,c,3\nu,a,1\nv,b,2\nv,c,9\n");
  DataConfig config;
  config.data = {file.path()};
  const LoadedData loaded = load_data(config);
  const Dataset renumbered = with_items_first(*loaded.dataset, {"z", "c", "y"});
  REQUIRE(renumbered.num_items() == 5);
  CHECK(renumbered.item_id(1) == "z");
  CHECK(renumbered.find_item("c").value() == 2);
  CHECK(renumbered.find_item("y").value() == 3);
  REQUIRE(renumbered.num_users() == loaded.dataset->num_users());
  for (std::int32_t user = 0; user < renumbered.num_users(); ++user) {
    CHECK(renumbered.user_id(user) == loaded.dataset->user_id(user));
    const auto before = loaded.dataset->sequence(user);
    const auto after = renumbered.sequence(user);
    REQUIRE(before.size() == after.size());
    for (std::size_t i = 0; i < before.size(); ++i) {
      CHECK(renumbered.item_id(after[i]) == loaded.dataset->item_id(before[i]));
      CHECK(renumbered.times(user)[i] == loaded.dataset->times(user)[i]);
    }
  }
}

}  // namespace
}  // namespace elastic::data::items_first_test
