#include <algorithm>
#include <bit>
#include <cub/cub.cuh>

#include "cuda/device.cuh"
#include "cuda/sequence_order.h"

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
  Runtime& device = runtime();
  device.launch(op,
                sort_keys_kernel,
                dim3(element_blocks(batch)),
                kThreads,
                0,
                segments.device_offsets().data<std::int32_t>(),
                batch,
                segments.max_length(),
                keys,
                identity);
  const int bits = std::max(
      1, static_cast<int>(std::bit_width(static_cast<std::uint32_t>(segments.max_length()))));
  std::size_t bytes = 0;
  const auto sort = [&](void* scratch) {
    check(cub::DeviceRadixSort::SortPairs(
              scratch, bytes, keys, sorted_keys, identity, order, batch, 0, bits, device.stream()),
          op,
          "cub::SortPairs");
  };
  sort(nullptr);
  Tensor scratch = workspace<std::int32_t>(static_cast<std::int64_t>(bytes / 4 + 1));
  sort(scratch.raw_data());
  return numbers;
}

}  // namespace elastic::cuda
