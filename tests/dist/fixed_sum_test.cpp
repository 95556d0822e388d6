#include "dist/fixed_sum.h"

#include <doctest/doctest.h>

#include "base/random.h"
#include "dist/sum_tree.h"
#include "dist/thread_group.h"
#include "tensor/backend.h"

namespace elastic::dist::fixed_sum_test {
namespace {

constexpr std::int64_t kElements = 1003;
constexpr int kLeaves = 8;

// Values of mixed magnitude, whose sum depends on the order of the additions.
std::vector<float> leaf_values(int leaf) {
  RandomStream random(3, RandomPurpose::kInit, static_cast<std::uint64_t>(leaf));
  std::vector<float> values;
  for (std::int64_t i = 0; i < kElements; ++i) {
    values.push_back(static_cast<float>(random.normal() * (i % 2 == 0 ? 1.0 : 1e4)));
  }
  return values;
}

std::vector<Tensor> leaf_of(int leaf, const std::vector<bool>& present) {
  if (!present[static_cast<std::size_t>(leaf)]) {
    return {};
  }
  return {Tensor::from(leaf_values(leaf), {kElements})};
}

std::vector<float> sum_of_leaves(const std::vector<bool>& present) {
  SumTree tree;
  for (int leaf = 0; leaf < kLeaves; ++leaf) {
    tree.add(leaf_of(leaf, present));
  }
  return tree.take().front().to_vector<float>();
}

// The sum of the leaves, of which each rank has a range, as each rank sees it.
std::vector<std::vector<float>> sums_of_ranks(int size, const std::vector<bool>& present) {
  std::vector<std::vector<float>> result(static_cast<std::size_t>(size));
  ThreadGroup(size).run([&](Communicator& ranks) {
    const std::int64_t length = padded_length(ranks, kElements);
    Tensor rows = zeros({most_subtrees(ranks, kLeaves), length}, DType::kFloat32, Device::kCpu);
    fill(rows, -1e9);  // absent sums must not count
    std::int64_t begin = 0;
    for (const Leaves subtree : subtrees_of(leaves_of(ranks.rank(), size, kLeaves))) {
      SumTree tree;
      for (std::size_t leaf = subtree.begin; leaf < subtree.end; ++leaf) {
        tree.add(leaf_of(static_cast<int>(leaf), present));
      }
      const std::vector<Tensor> own = tree.take();
      if (!own.empty()) {
        Tensor place = rows.reshape({rows.numel()}).slice(begin, begin + kElements);
        copy(own.front(), place);
      }
      begin += length;
    }
    fixed_sum(ranks, rows, present);
    result[static_cast<std::size_t>(ranks.rank())] =
        rows.reshape({rows.numel()}).slice(0, kElements).to_vector<float>();
  });
  return result;
}

TEST_CASE("fixed sum: any number of ranks gives the bits of one tree over all parts") {
  const std::vector<bool> all(kLeaves, true);
  const std::vector<float> expected = sum_of_leaves(all);
  std::vector<float> in_order = leaf_values(0);
  for (int leaf = 1; leaf < kLeaves; ++leaf) {
    const std::vector<float> more = leaf_values(leaf);
    for (std::size_t i = 0; i < more.size(); ++i) {
      in_order[i] += more[i];
    }
  }
  CHECK(expected != in_order);  // so the order of additions shows
  for (int size = 1; size <= kLeaves; ++size) {
    CAPTURE(size);
    for (const std::vector<float>& sum : sums_of_ranks(size, all)) {
      CHECK(sum == expected);
    }
  }
}

TEST_CASE("fixed sum: absent parts and ranks without any are left out") {
  for (const std::vector<bool>& present :
       {std::vector<bool>{false, true, true, true, false, false, true, false},
        std::vector<bool>{false, false, false, false, true, false, false, false}}) {
    const std::vector<float> expected = sum_of_leaves(present);
    for (int size = 1; size <= kLeaves; ++size) {
      CAPTURE(size);
      for (const std::vector<float>& sum : sums_of_ranks(size, present)) {
        CHECK(sum == expected);
      }
    }
  }
}

TEST_CASE("sum tree: adds pairs of neighbours, then pairs of their sums") {
  SumTree tree;
  for (const float value : {1e8F, 1.0F, -1e8F, 1.0F}) {
    tree.add({Tensor::from(std::vector<float>{value}, {1})});
  }
  // (1e8 + 1) + (-1e8 + 1): float rounds both pairs to 1e8.
  CHECK(tree.take().front().to_vector<float>() == std::vector<float>{0.0F});
  for (int i = 0; i < 4; ++i) {
    tree.add({});
  }
  CHECK(tree.take().empty());
}

TEST_CASE("sum tree: the leaves of a rank are the fewest complete subtrees") {
  const auto lengths = [](int rank, int size, std::size_t leaves) {
    std::vector<std::size_t> result;
    for (const Leaves subtree : subtrees_of(leaves_of(rank, size, leaves))) {
      result.push_back(subtree.end - subtree.begin);
    }
    return result;
  };
  using Lengths = std::vector<std::size_t>;
  CHECK(lengths(0, 1, 8) == Lengths{8});
  CHECK(lengths(1, 4, 8) == Lengths{2});
  CHECK(lengths(0, 3, 4) == Lengths{1});
  CHECK(lengths(2, 3, 4) == Lengths{2});
  CHECK(lengths(0, 3, 16) == Lengths{4, 1});     // 0 to 4
  CHECK(lengths(1, 3, 16) == Lengths{1, 2, 2});  // 5 to 9
  CHECK(lengths(2, 3, 16) == Lengths{2, 4});     // 10 to 15
}

TEST_CASE("gather: texts of any length come back by rank") {
  ThreadGroup(4).run([](Communicator& ranks) {
    const auto mine = static_cast<std::size_t>(ranks.rank());
    const std::vector<std::string> all = gather(ranks, std::string(3 * mine, 'x'));
    CHECK(all == std::vector<std::string>{"", "xxx", "xxxxxx", "xxxxxxxxx"});
  });
}

}  // namespace
}  // namespace elastic::dist::fixed_sum_test
