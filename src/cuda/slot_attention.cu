#include "base/error.h"
#include "cuda/backend.h"

namespace elastic::cuda {

void CudaBackend::slot_attention_forward(const Tensor& /*query*/,
                                         const Tensor& /*key*/,
                                         const Tensor& /*value*/,
                                         const Tensor& /*gates*/,
                                         const Segments& /*segments*/,
                                         Tensor& /*state*/,
                                         Tensor& /*out*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::slot_attention_backward(const Tensor& /*query*/,
                                          const Tensor& /*key*/,
                                          const Tensor& /*value*/,
                                          const Tensor& /*gates*/,
                                          const Segments& /*segments*/,
                                          const Tensor& /*grad_out*/,
                                          Tensor& /*grad_query*/,
                                          Tensor& /*grad_key*/,
                                          Tensor& /*grad_value*/,
                                          Tensor& /*grad_gates*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cuda
