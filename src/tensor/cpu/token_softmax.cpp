#include "base/error.h"
#include "tensor/cpu/cpu_backend.h"

namespace elastic::cpu {

void CpuBackend::token_softmax_forward(const Tensor& /*x*/,
                                       const Segments& /*segments*/,
                                       Tensor& /*y*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CpuBackend::token_softmax_backward(const Tensor& /*y*/,
                                        const Segments& /*segments*/,
                                        const Tensor& /*grad_y*/,
                                        Tensor& /*grad_x*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cpu
