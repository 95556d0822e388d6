#include "cuda/device.cuh"
#include "cuda/sequence_order.h"
#include "cuda/sort_pairs.h"

namespace elastic::cuda {
namespace {

__global__ void sort_keys_kernel(const std::int32_t* offsets,
                                 std::int64_t batch,
                                 std::int32_t longest,
                                 std::int32_t* lacking,
                                 std::int32_t* numbers) {
  for (std::int64_t b = grid_thread(); b < batch; b += grid_size()) {
    lacking[b] = longest - (offsets[b + 1] - offsets[b]);
    numbers[b] = static_cast<std::int32_t>(b);
  }
}

}  // namespace

Tensor longest_first(const char* op, const Segments& segments) {
  const std::int64_t batch = segments.size();
  Tensor numbers = workspace<std::int32_t>(4 * batch);
  auto* order = numbers.data<std::int32_t>();
  std::int32_t* identity = order + batch;
  std::int32_t* keys = identity + batch;
  std::int32_t* sorted_keys = keys + batch;
  launch(op,
         sort_keys_kernel,
         element_grid(batch),
         segments.device_offsets().data<std::int32_t>(),
         batch,
         segments.max_length(),
         keys,
         identity);
  sort_pairs(op, batch, segments.max_length(), keys, identity, sorted_keys, order);
  return numbers;
}

}  // namespace elastic::cuda
