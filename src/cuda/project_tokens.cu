#include "base/error.h"
#include "cuda/backend.h"

namespace elastic::cuda {

void CudaBackend::project_tokens_forward(const Tensor& /*x*/,
                                         const Tensor& /*projection*/,
                                         const Segments& /*segments*/,
                                         Tensor& /*out*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::project_tokens_backward(const Tensor& /*x*/,
                                          const Tensor& /*projection*/,
                                          const Segments& /*segments*/,
                                          const Tensor& /*grad_out*/,
                                          Tensor& /*grad_x*/,
                                          Tensor& /*grad_projection*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cuda
