// The safetensors format: named tensors and string metadata in one file, without executable
// content.
//
// Layout: 8 bytes header length (little endian), a JSON header {name: {dtype, shape,
// data_offsets}}, then the elements, row-major, without gaps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "tensor/tensor.h"

namespace elastic {

struct NamedTensor {
  std::string name;
  Tensor tensor;
};

struct Safetensors {
  std::string path;                  ///< the file, for messages
  std::vector<NamedTensor> tensors;  ///< in the order of the file's data
  std::map<std::string, std::string> metadata;

  [[nodiscard]] bool has(const std::string& name) const;
  /// Throws CheckpointError naming the file if there is no tensor of this name.
  [[nodiscard]] const Tensor& find(const std::string& name) const;
  /// Throws CheckpointError naming the file if there is no metadata under this key.
  [[nodiscard]] const std::string& metadata_at(const std::string& key) const;
};

/// Gives the tensor to read elements of this name, shape and type into; an undefined one asks for a
/// new tensor.
using TensorPlace = std::function<Tensor(const std::string& name, const Shape& shape, DType dtype)>;

/// Reads a whole file into tensors on the CPU: float32, float64 or int32, rank 0 to 4. They are
/// new, or those of `place`, which then hold unchecked elements until the call returns, and after
/// an error. Lengths, shapes and offsets are checked against the file's size before use. Throws
/// CheckpointError naming file and key if one is wrong, a name is repeated or the checksum does not
/// match. `metadata` does not include the checksum.
Safetensors read_safetensors(const std::string& path, const TensorPlace& place = {});

/// Reads the whole file, of any size, by pieces, and throws as read_safetensors does.
void check_safetensors(const std::string& path);

/// The metadata alone: reads the header and checks it against the file's size, but neither reads
/// the elements nor compares the checksum. Throws as read_safetensors does.
std::map<std::string, std::string> read_safetensors_metadata(const std::string& path);

/// Copies elements [begin, end) of tensor number `index` to `target` on the host.
using ElementSource =
    std::function<void(std::size_t index, std::int64_t begin, std::int64_t end, void* target)>;

/// Writes tensors of any device in the given order, with the data at a multiple of 64 bytes and a
/// checksum in the metadata. With `source` the elements come from it, in order and each once.
/// Replaces the file atomically; throws Error on failure.
void write_safetensors(const std::string& path,
                       const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata,
                       const ElementSource& source = {});

}  // namespace elastic
