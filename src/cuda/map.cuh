// One function of each element.
#pragma once

#include "cuda/device.cuh"
#include "cuda/runtime.h"

namespace elastic::cuda {

// out[i] = body(i)
template <class T, class Body>
__global__ void map_kernel(std::int64_t count, T* out, Body body) {
  for (std::int64_t i = grid_thread(); i < count; i += grid_size()) {
    out[i] = body(i);
  }
}

template <class T, class Body>
void map(const char* op, std::int64_t count, T* out, const Body& body) {
  launch(op, map_kernel<T, Body>, element_grid(count), count, out, body);
}

}  // namespace elastic::cuda
