// Sums of tensors in an order that depends on their number alone.
#pragma once

#include <vector>

#include "tensor/tensor.h"

namespace elastic::dist {

/// Adds up lists of tensors, one list for each leaf of a full binary tree: a node is the sum of its
/// two children, in this order, or the only child that is present. So the sums of subtrees that
/// other processes computed give the same bits.
class SumTree {
 public:
  /// The next leaf, which may be changed in place; empty: absent.
  void add(std::vector<Tensor> leaf);
  /// The root of the leaves so far, whose number must be a power of two; empty if all are absent.
  [[nodiscard]] std::vector<Tensor> take();

 private:
  struct Node {
    int height = 0;
    std::vector<Tensor> sums;
  };
  std::vector<Node> open_;  ///< complete subtrees that wait for their right neighbour
};

}  // namespace elastic::dist
