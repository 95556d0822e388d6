#include "base/error.h"
#include "cuda/backend.h"

namespace elastic::cuda {

void CudaBackend::prefix_gates_forward(const Tensor& /*scores*/,
                                       const Tensor& /*decay*/,
                                       const Segments& /*segments*/,
                                       Tensor& /*log_sum*/,
                                       Tensor& /*gates*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::prefix_gates_backward(const Tensor& /*gates*/,
                                        const Tensor& /*decay*/,
                                        const Segments& /*segments*/,
                                        const Tensor& /*grad_gates*/,
                                        Tensor& /*grad_scores*/,
                                        Tensor& /*grad_decay*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::forget_gates_forward(const Tensor& /*x*/,
                                       double /*temperature*/,
                                       Tensor& /*gates*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::forget_gates_backward(const Tensor& /*x*/,
                                        double /*temperature*/,
                                        const Tensor& /*grad_gates*/,
                                        Tensor& /*grad_x*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cuda
