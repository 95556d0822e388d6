#include "train/load_tensor.h"

#include "base/error.h"
#include "tensor/backend.h"

namespace elastic::train {

void load_tensor(const Safetensors& file, const std::string& name, Tensor& target) {
  const Tensor& source = file.find(name);
  if (source.shape() != target.shape() || source.dtype() != target.dtype()) {
    throw CheckpointError(file.path,
                          ": tensor '",
                          name,
                          "': expected ",
                          target.dtype(),
                          " ",
                          target.shape(),
                          ", got ",
                          source.dtype(),
                          " ",
                          source.shape());
  }
  backend_for(target.device()).copy_from_host(source.raw_data(), target);
}

}  // namespace elastic::train
