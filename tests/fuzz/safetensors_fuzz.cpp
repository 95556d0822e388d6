// Files of weights, training states and streams.
#include "fuzz_target.h"
#include "tensor/safetensors.h"
#include "train/saved_model.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elastic;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  fuzz::refused_at_most([&] {
    const Safetensors content = read_safetensors(file.path());
    std::size_t bytes = 0;
    for (const NamedTensor& item : content.tensors) {
      bytes += item.tensor.bytes();
    }
    if (bytes > size) {
      std::abort();  // more than the file contains
    }
    train::check_format_version(content);
  });
  return 0;
}
