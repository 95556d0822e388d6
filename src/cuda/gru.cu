#include "base/error.h"
#include "cuda/backend.h"

namespace elastic::cuda {

void CudaBackend::gru_forward(const Tensor& /*input*/,
                              const Tensor& /*weight*/,
                              const Tensor& /*bias*/,
                              const Segments& /*segments*/,
                              Tensor& /*hidden*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::gru_backward(const Tensor& /*input*/,
                               const Tensor& /*weight*/,
                               const Tensor& /*bias*/,
                               const Segments& /*segments*/,
                               const Tensor& /*hidden*/,
                               const Tensor& /*grad_hidden*/,
                               Tensor& /*grad_input*/,
                               Tensor& /*grad_weight*/,
                               Tensor& /*grad_bias*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cuda
