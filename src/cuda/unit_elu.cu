#include "base/error.h"
#include "cuda/backend.h"

namespace elastic::cuda {

void CudaBackend::unit_elu_forward(const Tensor& /*x*/, Tensor& /*y*/) {
  ELASTIC_CHECK(false, "not written yet");
}

void CudaBackend::unit_elu_backward(const Tensor& /*x*/,
                                    const Tensor& /*grad_y*/,
                                    Tensor& /*grad_x*/) {
  ELASTIC_CHECK(false, "not written yet");
}

}  // namespace elastic::cuda
