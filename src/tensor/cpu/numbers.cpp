// Numbers of rows: positions, last tokens, bounds of groups.
#include "tensor/cpu/cpu_backend.h"

namespace elastic::cpu {

void CpuBackend::number(std::int32_t modulus, std::int32_t step, Tensor& out) {
  auto* data = out.data<std::int32_t>();
  for (std::int64_t i = 0; i < out.numel(); ++i) {
    data[i] = static_cast<std::int32_t>(i % modulus) * step;
  }
}

void CpuBackend::positions(const Segments& segments, bool recent, Tensor& out) {
  auto* data = out.data<std::int32_t>();
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const std::int32_t length = segments.length(b);
    for (std::int32_t i = 0; i < length; ++i) {
      *data++ = recent ? length - 1 - i : i;
    }
  }
}

void CpuBackend::last_tokens(const Segments& segments, Tensor& out) {
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    out.data<std::int32_t>()[b] = segments.end(b) - 1;
  }
}

void CpuBackend::group_offsets(const Segments& segments, std::int32_t stride, Tensor& out) {
  auto* offsets = out.data<std::int32_t>();
  offsets[0] = 0;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    offsets[b + 1] = offsets[b] + std::max(1, (segments.length(b) + stride - 1) / stride);
  }
}

}  // namespace elastic::cpu
