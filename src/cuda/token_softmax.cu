#include "base/error.h"
#include "cuda/backend.h"

namespace elastic::cuda {

void CudaBackend::token_softmax_forward(const Tensor& /*x*/,
                                        const Segments& /*segments*/,
                                        Tensor& /*y*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::token_softmax_backward(const Tensor& /*y*/,
                                         const Segments& /*segments*/,
                                         const Tensor& /*grad_y*/,
                                         Tensor& /*grad_x*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cuda
