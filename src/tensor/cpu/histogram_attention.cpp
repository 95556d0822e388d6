#include "base/error.h"
#include "tensor/cpu/cpu_backend.h"

namespace elastic::cpu {

void CpuBackend::argmax_rows(const Tensor& /*x*/, Tensor& /*out*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CpuBackend::histogram_attention_forward(const Tensor& /*codes*/,
                                             const Tensor& /*occupancy*/,
                                             const Tensor& /*ids*/,
                                             const Tensor& /*scores*/,
                                             const Tensor& /*values*/,
                                             double /*decay*/,
                                             const Segments& /*segments*/,
                                             Tensor& /*out*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CpuBackend::histogram_attention_backward(const Tensor& /*codes*/,
                                              const Tensor& /*occupancy*/,
                                              const Tensor& /*ids*/,
                                              const Tensor& /*scores*/,
                                              const Tensor& /*values*/,
                                              double /*decay*/,
                                              const Segments& /*segments*/,
                                              const Tensor& /*grad_out*/,
                                              Tensor& /*grad_occupancy*/,
                                              Tensor& /*grad_scores*/,
                                              Tensor& /*grad_values*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cpu
