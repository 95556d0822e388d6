#include "dist/fixed_sum.h"

#include <algorithm>
#include <utility>

#include "base/error.h"
#include "dist/sum_tree.h"

namespace elastic::dist {
namespace {

// Bounds the memory of the received slices, and the counts of a call, which MPI keeps in an int.
constexpr std::int64_t kMostElements = std::int64_t{1} << 24;

std::span<std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<std::byte*>(tensor.raw_data()), tensor.bytes()};
}

bool has_any(const std::vector<bool>& present, Leaves range) {
  for (std::size_t leaf = range.begin; leaf < range.end; ++leaf) {
    if (present[leaf]) {
      return true;
    }
  }
  return false;
}

// Of the elements [begin, end) of each row, each rank adds up one slice and gives its sum to all.
void sum_piece(Communicator& ranks,
               const Tensor& values,
               std::int64_t begin,
               std::int64_t end,
               const std::vector<bool>& present) {
  const std::int64_t slice = (end - begin) / ranks.size();
  const Tensor received(
      {values.rows(), end - begin}, values.dtype(), values.device(), Memory::kWorkspace);
  const auto row = [](const Tensor& of, std::int64_t i) {
    return of.slice(i, i + 1).reshape({of.cols()});
  };
  for (std::int64_t i = 0; i < values.rows(); ++i) {
    ranks.all_to_all(bytes_of(row(values, i).slice(begin, end)), bytes_of(row(received, i)));
  }
  SumTree tree;
  for (int rank = 0; rank < ranks.size(); ++rank) {
    std::int64_t i = 0;
    for (const Leaves subtree : subtrees_of(leaves_of(rank, ranks.size(), present.size()))) {
      std::vector<Tensor> sum;
      if (has_any(present, subtree)) {
        sum.push_back(row(received, i).slice(rank * slice, (rank + 1) * slice));
      }
      tree.add(std::move(sum), subtree.end - subtree.begin);
      ++i;
    }
  }
  ranks.all_gather(bytes_of(tree.take().front()), bytes_of(row(values, 0).slice(begin, end)));
}

}  // namespace

std::int64_t padded_length(const Communicator& ranks, std::int64_t count) {
  return (count + ranks.size() - 1) / ranks.size() * ranks.size();
}

std::int64_t most_subtrees(const Communicator& ranks, std::size_t leaves) {
  std::int64_t most = 0;
  for (int rank = 0; rank < ranks.size(); ++rank) {
    most = std::max(most, std::ssize(subtrees_of(leaves_of(rank, ranks.size(), leaves))));
  }
  return most;
}

void fixed_sum(Communicator& ranks, const Tensor& values, const std::vector<bool>& present) {
  const std::int64_t length = values.cols();
  ELASTIC_CHECK(values.device() == Device::kCpu && length % ranks.size() == 0 &&
                values.rows() == most_subtrees(ranks, present.size()));
  const std::int64_t row = kMostElements / values.rows();
  const std::int64_t most = std::max<std::int64_t>(1, row / ranks.size()) * ranks.size();
  for (std::int64_t begin = 0; begin < length; begin += most) {
    sum_piece(ranks, values, begin, std::min(begin + most, length), present);
  }
}

}  // namespace elastic::dist
