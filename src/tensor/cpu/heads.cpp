// The per-head products of absorbed projections.
#include "tensor/kernels/heads.h"

#include "tensor/cpu/gemm.h"
#include "tensor/cpu/parallel.h"

namespace elastic::cpu {
namespace {

// Offsets of head h of sequence b in experts [B, H, k, D], in rows [B, k, D] and in a weight [D,
// D].
template <class T>
class Heads {
 public:
  explicit Heads(const Tensor& experts)
      : batch_(experts.shape()[0]),
        heads_(experts.shape()[1]),
        experts_(experts.shape()[2]),
        dim_(experts.shape()[3]) {}
  [[nodiscard]] std::int64_t batch() const { return batch_; }
  [[nodiscard]] std::int64_t heads() const { return heads_; }
  [[nodiscard]] std::int64_t experts() const { return experts_; }
  [[nodiscard]] std::int64_t dim() const { return dim_; }
  [[nodiscard]] std::int64_t head_dim() const { return dim_ / heads_; }
  [[nodiscard]] double work() const { return product_work(batch_ * experts_, dim_, dim_); }

  T* of_experts(const Tensor& experts, std::int64_t b, std::int64_t h) const {
    return experts.data<T>() + (b * heads_ + h) * experts_ * dim_;
  }
  T* of_rows(const Tensor& rows, std::int64_t b, std::int64_t h) const {
    return rows.data<T>() + b * experts_ * dim_ + h * head_dim();
  }
  T* of_weight(const Tensor& weight, std::int64_t h) const {
    return weight.data<T>() + h * head_dim() * dim_;
  }

 private:
  std::int64_t batch_;
  std::int64_t heads_;
  std::int64_t experts_;
  std::int64_t dim_;
};

// to(b, h) [k, outer] = from(b, h) [k, inner] times weight(h) [inner, outer], the rows of `to` and
// `from` are D apart. The weights are packed once for all sequences.
template <class T, class From, class Weight, class To>
void multiply_heads(const Heads<T>& by,
                    std::int64_t inner,
                    std::int64_t outer,
                    const From& from,
                    const Weight& weight,
                    const To& to) {
  const std::int64_t packed_head = packed_size<T>(inner, outer);
  Tensor right = workspace<T>(by.heads() * packed_head);
  for (std::int64_t h = 0; h < by.heads(); ++h) {
    pack(inner, outer, weight(h), right.data<T>() + h * packed_head);
  }
  parallel_for(by.batch(), by.work(), [&](std::int64_t b) {
    for (std::int64_t h = 0; h < by.heads(); ++h) {
      gemm(by.experts(),
           outer,
           inner,
           row_major<T>(from(b, h), by.dim()),
           right.data<T>() + h * packed_head,
           to(b, h),
           by.dim(),
           false);
    }
  });
}

template <class T>
void heads_expand(const kernels::HeadsExpand& k) {
  const Heads<T> by(k.out);
  multiply_heads(
      by,
      by.head_dim(),
      by.dim(),
      [&](std::int64_t b, std::int64_t h) { return by.of_rows(k.x, b, h); },
      [&](std::int64_t h) { return row_major<T>(by.of_weight(k.weight, h), by.dim()); },
      [&](std::int64_t b, std::int64_t h) { return by.of_experts(k.out, b, h); });
}
const OnCpu heads_expand_entry{heads_expand<float>, heads_expand<double>};

template <class T>
void heads_contract(const kernels::HeadsContract& k) {
  const Heads<T> by(k.z);
  multiply_heads(
      by,
      by.dim(),
      by.head_dim(),
      [&](std::int64_t b, std::int64_t h) { return by.of_experts(k.z, b, h); },
      [&](std::int64_t h) { return transposed<T>(by.of_weight(k.weight, h), by.dim()); },
      [&](std::int64_t b, std::int64_t h) { return by.of_rows(k.out, b, h); });
}
const OnCpu heads_contract_entry{heads_contract<float>, heads_contract<double>};

template <class T>
void heads_outer(const kernels::HeadsOuter& k) {
  const Heads<T> by(k.z);
  const std::int64_t dim = by.dim();
  const Tiles chunks = reduction_chunks(by.batch(), 4);
  reduce_chunks(chunks, by.work(), dim * dim, k.out.data<T>(), [&](std::int64_t c, T* partial) {
    for (std::int64_t b = chunks.begin(c); b < chunks.end(c); ++b) {
      for (std::int64_t h = 0; h < by.heads(); ++h) {
        gemm_unpacked(by.head_dim(),
                      dim,
                      by.experts(),
                      transposed<T>(by.of_rows(k.x, b, h), dim),
                      by.of_experts(k.z, b, h),
                      dim,
                      partial + h * by.head_dim() * dim,
                      dim,
                      true);
      }
    }
  });
}
const OnCpu heads_outer_entry{heads_outer<float>, heads_outer<double>};

}  // namespace
}  // namespace elastic::cpu
