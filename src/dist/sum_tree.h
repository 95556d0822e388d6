// Sums of tensors in an order that depends on their number alone.
#pragma once

#include <cstddef>
#include <vector>

#include "tensor/tensor.h"

namespace elastic::dist {

/// Leaves [begin, end) of a tree.
struct Leaves {
  std::size_t begin = 0;
  std::size_t end = 0;
};
/// The leaves of one of `size` ranks: contiguous ranges, whose lengths differ by one at most.
Leaves leaves_of(int rank, int size, std::size_t leaves);
/// The fewest complete subtrees that have exactly these leaves, in their order.
std::vector<Leaves> subtrees_of(Leaves range);

/// Adds up lists of tensors, one list for each leaf of a full binary tree: a node is the sum of its
/// two children, in this order, or the only child that is present. So the sums of subtrees that
/// other processes computed give the same bits.
class SumTree {
 public:
  /// The sums of the next `leaves`, a complete subtree, which may be changed in place; empty:
  /// absent.
  void add(std::vector<Tensor> sums, std::size_t leaves = 1);
  /// The root of the leaves so far, whose number must be a power of two; empty if all are absent.
  [[nodiscard]] std::vector<Tensor> take();

 private:
  struct Node {
    std::size_t leaves = 0;
    std::vector<Tensor> sums;
  };
  std::vector<Node> open_;  ///< complete subtrees that wait for their right neighbour
};

}  // namespace elastic::dist
