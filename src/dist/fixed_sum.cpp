#include "dist/fixed_sum.h"

#include <algorithm>

#include "base/error.h"
#include "dist/sum_tree.h"

namespace elastic::dist {
namespace {

// Bounds the memory of the received slices, and the counts of a call, which MPI keeps in an int.
constexpr std::int64_t kMostElements = std::int64_t{1} << 24;

std::span<std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<std::byte*>(tensor.raw_data()), tensor.bytes()};
}

// Each rank adds up one slice of `values` and gives its sum to all.
void sum_piece(Communicator& ranks, const Tensor& values, const std::vector<bool>& present) {
  const std::int64_t size = ranks.size();
  const std::int64_t slice = values.numel() / size;
  const Tensor received({values.numel()}, values.dtype(), values.device(), Memory::kWorkspace);
  ranks.all_to_all(bytes_of(values), bytes_of(received));
  SumTree tree;
  for (std::int64_t rank = 0; rank < size; ++rank) {
    tree.add(present[static_cast<std::size_t>(rank)]
                 ? std::vector<Tensor>{received.slice(rank * slice, (rank + 1) * slice)}
                 : std::vector<Tensor>());
  }
  ranks.all_gather(bytes_of(tree.take().front()), bytes_of(values));
}

}  // namespace

std::int64_t padded_length(const Communicator& ranks, std::int64_t count) {
  return (count + ranks.size() - 1) / ranks.size() * ranks.size();
}

void fixed_sum(Communicator& ranks, Tensor& values, const std::vector<bool>& present) {
  ELASTIC_CHECK(values.device() == Device::kCpu && values.numel() % ranks.size() == 0 &&
                std::ssize(present) == ranks.size());
  const std::int64_t most = std::max<std::int64_t>(1, kMostElements / ranks.size()) * ranks.size();
  for (std::int64_t begin = 0; begin < values.numel(); begin += most) {
    sum_piece(ranks, values.slice(begin, std::min(begin + most, values.numel())), present);
  }
}

}  // namespace elastic::dist
