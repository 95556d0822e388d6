#include "base/error.h"
#include "cuda/backend.h"
namespace elastic::cuda {
void CudaBackend::argmax_rows(const Tensor& /*x*/, Tensor& /*out*/) {
  ELASTIC_CHECK(false, "not written yet");
}
}  // namespace elastic::cuda
