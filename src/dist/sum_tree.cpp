#include "dist/sum_tree.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "base/error.h"
#include "tensor/kernels/elementwise.h"

namespace elastic::dist {
namespace {

// Adds `right` to `left`, either of which may be absent.
void merge(std::vector<Tensor>& left, std::vector<Tensor> right) {
  if (left.empty()) {
    left = std::move(right);
    return;
  }
  for (std::size_t i = 0; i < right.size(); ++i) {
    run(kernels::AddTo{right[i], left[i]});
  }
}

}  // namespace

Leaves leaves_of(int rank, int size, std::size_t leaves) {
  const auto begin = [&](int of) {
    return static_cast<std::size_t>(of) * leaves / static_cast<std::size_t>(size);
  };
  return {begin(rank), begin(rank + 1)};
}

std::vector<Leaves> subtrees_of(Leaves range) {
  std::vector<Leaves> subtrees;
  while (range.begin < range.end) {
    std::size_t length = std::bit_floor(range.end - range.begin);
    if (range.begin > 0) {  // a subtree begins at a multiple of its length
      length = std::min(length, range.begin & -range.begin);
    }
    subtrees.push_back({range.begin, range.begin + length});
    range.begin += length;
  }
  return subtrees;
}

void SumTree::add(std::vector<Tensor> sums, std::size_t leaves) {
  Node node{leaves, std::move(sums)};
  while (!open_.empty() && open_.back().leaves == node.leaves) {
    Node left = std::move(open_.back());
    open_.pop_back();
    merge(left.sums, std::move(node.sums));
    node = {2 * left.leaves, std::move(left.sums)};
  }
  open_.push_back(std::move(node));
}

std::vector<Tensor> SumTree::take() {
  ELASTIC_CHECK(open_.size() == 1, "a tree of sums that is not full");
  std::vector<Tensor> root = std::move(open_.back().sums);
  open_.clear();
  return root;
}

}  // namespace elastic::dist
