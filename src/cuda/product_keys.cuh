// Product keys: sizes that forward and backward share.
#pragma once

#include <algorithm>

#include "cuda/runtime.h"

namespace elastic::cuda {

struct Pool {
  int heads;          ///< M
  int key_dim;        ///< Dk
  int subkeys;        ///< S
  int count;          ///< experts of a head, k / M
  int side;           ///< best sub-keys of each half that take part: min(count, S)
  int dim;            ///< D; 0 without experts
  std::int64_t rows;  ///< queries times heads

  __host__ __device__ int half() const { return key_dim / 2; }
};

/// `memory` may be undefined.
inline Pool pool_of(const Tensor& query,
                    const Tensor& subkeys,
                    const Tensor& memory,
                    const Tensor& indices) {
  Pool p{};
  p.heads = static_cast<int>(query.shape()[1]);
  p.key_dim = static_cast<int>(query.shape()[2]);
  p.subkeys = static_cast<int>(subkeys.shape()[2]);
  p.count = static_cast<int>(indices.shape()[1]) / p.heads;
  p.side = std::min(p.count, p.subkeys);
  p.dim = memory.defined() ? static_cast<int>(memory.cols()) : 0;
  p.rows = query.shape()[0] * p.heads;
  return p;
}

}  // namespace elastic::cuda
