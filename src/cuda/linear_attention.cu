#include "base/error.h"
#include "cuda/backend.h"

namespace elastic::cuda {

void CudaBackend::linear_attention_forward(const Tensor& /*query*/,
                                           const Tensor& /*key*/,
                                           const Tensor& /*value*/,
                                           const Segments& /*segments*/,
                                           Tensor& /*context*/,
                                           Tensor& /*out*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::linear_attention_backward(const Tensor& /*query*/,
                                            const Tensor& /*key*/,
                                            const Tensor& /*value*/,
                                            const Segments& /*segments*/,
                                            const Tensor& /*context*/,
                                            const Tensor& /*grad_out*/,
                                            Tensor& /*grad_query*/,
                                            Tensor& /*grad_key*/,
                                            Tensor& /*grad_value*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cuda
