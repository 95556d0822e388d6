#include "cuda/chunks.h"
#include "cuda/device.cuh"

namespace elastic::cuda {
namespace {

template <class T>
__global__ void sum_chunks_kernel(const T* partials,
                                  const std::int32_t* offsets,
                                  std::int64_t batch,
                                  int max_chunks,
                                  std::int64_t size,
                                  T* out) {
  for (std::int64_t i = grid_thread(); i < batch * size; i += grid_size()) {
    const std::int64_t b = i / size;
    const int chunks = (offsets[b + 1] - offsets[b] + kTokenChunk - 1) / kTokenChunk;
    T sum = 0;
    for (int c = 0; c < chunks; ++c) {
      sum += partials[(b * max_chunks + c) * size + i % size];
    }
    out[i] = sum;
  }
}

}  // namespace

void clear_behind(const Segments& segments, std::initializer_list<Tensor*> results) {
  if (segments.is_planned()) {
    for (Tensor* result : results) {
      fill_elements(*result, 0.0);
    }
  }
}

template <class T>
void sum_chunks(
    const char* op, const T* partials, const Segments& segments, std::int64_t size, T* out) {
  launch(op,
         sum_chunks_kernel<T>,
         dim3(blocks_of(segments.size() * size, kThreads)),
         partials,
         segments.device_offsets().data<std::int32_t>(),
         segments.size(),
         max_chunks(segments),
         size,
         out);
}

template void sum_chunks<float>(const char*, const float*, const Segments&, std::int64_t, float*);
template void sum_chunks<double>(
    const char*, const double*, const Segments&, std::int64_t, double*);

}  // namespace elastic::cuda
