// Numbers of rows: positions, last tokens, bounds of groups.
#include "tensor/kernels/row_numbers.h"

namespace elastic::cpu {
namespace {

void iota(const kernels::Iota& k) {
  auto* data = k.out.data<std::int32_t>();
  for (std::int64_t i = 0; i < k.out.numel(); ++i) {
    data[i] = static_cast<std::int32_t>(i % k.modulus) * k.step;
  }
}
const OnCpu iota_entry{iota};

void positions(const kernels::Positions& k) {
  auto* data = k.out.data<std::int32_t>();
  for (std::int64_t b = 0; b < k.segments.size(); ++b) {
    const std::int32_t length = k.segments.length(b);
    for (std::int32_t i = 0; i < length; ++i) {
      *data++ = k.recent ? length - 1 - i : i;
    }
  }
}
const OnCpu positions_entry{positions};

void last_tokens(const kernels::LastTokens& k) {
  for (std::int64_t b = 0; b < k.segments.size(); ++b) {
    k.out.data<std::int32_t>()[b] = k.segments.end(b) - 1;
  }
}
const OnCpu last_tokens_entry{last_tokens};

void group_offsets(const kernels::GroupOffsets& k) {
  auto* offsets = k.out.data<std::int32_t>();
  offsets[0] = 0;
  for (std::int64_t b = 0; b < k.segments.size(); ++b) {
    offsets[b + 1] = offsets[b] + std::max(1, (k.segments.length(b) + k.stride - 1) / k.stride);
  }
}
const OnCpu group_offsets_entry{group_offsets};

}  // namespace
}  // namespace elastic::cpu
