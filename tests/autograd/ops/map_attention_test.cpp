#include "autograd/ops/map_attention.h"

#include "autograd/op_checks.h"
#include "autograd/ops/segment_attention.h"

namespace elastic::map_attention_test {
namespace {

TEST_CASE("map_attention: equals segment_attention") {
  struct Case {
    std::vector<std::int32_t> queries;
    std::vector<std::int32_t> keys;
    ops::AttentionShape shape;
  };
  for (const Case& c : {Case{{1}, {1}, {1, false}},
                        Case{{3, 0, 2}, {1, 4, 70}, {2, false}},
                        Case{{70, 1, 5}, {70, 1, 5}, {2, true}}}) {
    CAPTURE(c.queries);
    const Segments queries = segments_of(c.queries);
    const Segments keys = segments_of(c.keys);
    check_equal(
        [&](const auto& in) {
          return ops::segment_attention(in[0], in[1], in[2], queries, keys, c.shape);
        },
        [&](const auto& in) {
          return ops::map_attention(in[0], in[1], in[2], queries, keys, c.shape);
        },
        {random_f64({queries.num_tokens(), 6}, 1),
         random_f64({keys.num_tokens(), 6}, 2),
         random_f64({keys.num_tokens(), 6}, 3)});
  }
}

TEST_CASE("map_attention: refuses a window") {
  const Segments two = segments_of({2, 1});
  CHECK(message_of([&] {
          const Variable x(random_f64({3, 4}, 1));
          ops::map_attention(x, x, x, two, two, {1, true, 2});
        }) == "map_attention: no window is supported, got 2");
}

}  // namespace
}  // namespace elastic::map_attention_test
