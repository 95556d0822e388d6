// The per-head products of absorbed projections.
#include "tensor/kernels/heads.h"

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

template <class T>
void heads_expand(const kernels::HeadsExpand& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t heads = k.out.shape()[1];
  const std::int64_t experts = k.out.shape()[2];
  const std::int64_t head_dim = dim / heads;
  const std::int64_t packed_head = packed_size<T>(head_dim, dim);
  Tensor right = workspace<T>(heads * packed_head);
  for (std::int64_t h = 0; h < heads; ++h) {
    pack(head_dim,
         dim,
         row_major(k.weight.data<T>() + h * head_dim * dim, dim),
         right.data<T>() + h * packed_head);
  }
  parallel_for(k.out.shape()[0], product_work(k.x.rows(), dim, dim), [&](std::int64_t b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      gemm(experts,
           dim,
           head_dim,
           row_major<T>(k.x.data<T>() + b * experts * dim + h * head_dim, dim),
           right.data<T>() + h * packed_head,
           k.out.data<T>() + (b * heads + h) * experts * dim,
           dim,
           false);
    }
  });
}
const OnCpu heads_expand_entry{heads_expand<float>, heads_expand<double>};

template <class T>
void heads_contract(const kernels::HeadsContract& k) {
  const std::int64_t dim = k.out.cols();
  const std::int64_t heads = k.z.shape()[1];
  const std::int64_t experts = k.z.shape()[2];
  const std::int64_t head_dim = dim / heads;
  const std::int64_t packed_head = packed_size<T>(dim, head_dim);
  Tensor right = workspace<T>(heads * packed_head);
  for (std::int64_t h = 0; h < heads; ++h) {
    pack(dim,
         head_dim,
         transposed(k.weight.data<T>() + h * head_dim * dim, dim),
         right.data<T>() + h * packed_head);
  }
  parallel_for(k.z.shape()[0], product_work(k.out.rows(), dim, dim), [&](std::int64_t b) {
    for (std::int64_t h = 0; h < heads; ++h) {
      gemm(experts,
           head_dim,
           dim,
           row_major<T>(k.z.data<T>() + (b * heads + h) * experts * dim, dim),
           right.data<T>() + h * packed_head,
           k.out.data<T>() + b * experts * dim + h * head_dim,
           dim,
           false);
    }
  });
}
const OnCpu heads_contract_entry{heads_contract<float>, heads_contract<double>};

template <class T>
void heads_outer(const kernels::HeadsOuter& k) {
  const std::int64_t dim = k.x.cols();
  const std::int64_t heads = k.z.shape()[1];
  const std::int64_t experts = k.z.shape()[2];
  const std::int64_t head_dim = dim / heads;
  const Tiles chunks = reduction_chunks(k.z.shape()[0], 4);
  const double work = product_work(k.x.rows(), dim, dim);
  reduce_chunks(chunks, work, dim * dim, k.out.data<T>(), [&](std::int64_t c, T* partial) {
    for (std::int64_t b = chunks.begin(c); b < chunks.end(c); ++b) {
      for (std::int64_t h = 0; h < heads; ++h) {
        gemm_unpacked(head_dim,
                      dim,
                      experts,
                      transposed<T>(k.x.data<T>() + b * experts * dim + h * head_dim, dim),
                      k.z.data<T>() + (b * heads + h) * experts * dim,
                      dim,
                      partial + h * head_dim * dim,
                      dim,
                      true);
      }
    }
  });
}
const OnCpu heads_outer_entry{heads_outer<float>, heads_outer<double>};

}  // namespace
}  // namespace elastic::cpu
