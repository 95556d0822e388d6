#include "dist/sum_tree.h"

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

void SumTree::add(std::vector<Tensor> leaf) {
  Node node{0, std::move(leaf)};
  while (!open_.empty() && open_.back().height == node.height) {
    Node left = std::move(open_.back());
    open_.pop_back();
    merge(left.sums, std::move(node.sums));
    node = {left.height + 1, std::move(left.sums)};
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
