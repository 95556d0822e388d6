// The safetensors format: named tensors and string metadata in one file that cannot execute
// anything.
//
// 8 bytes header length (little endian), a JSON header {name: {dtype, shape, data_offsets}}, then
// the elements, row-major, without gaps.
#pragma once

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
  std::string path;                  ///< where it was read from, for messages
  std::vector<NamedTensor> tensors;  ///< in the order of the file's data
  std::map<std::string, std::string> metadata;

  [[nodiscard]] bool has(const std::string& name) const;
  /// Throws CheckpointError naming the file if there is no tensor of this name.
  [[nodiscard]] const Tensor& find(const std::string& name) const;
  /// Throws CheckpointError naming the file if there is no metadata under this key.
  [[nodiscard]] const std::string& metadata_at(const std::string& key) const;
};

/// Reads a whole file into tensors on the CPU: float32, float64 or int32, rank 0 to 4. Nothing in
/// the file is believed before it is checked against the file's own size: a file that lies about
/// its lengths, shapes or offsets, or repeats a name, is a CheckpointError that names file and key.
/// So is one whose checksum does not fit; `metadata` then holds the rest.
Safetensors read_safetensors(const std::string& path);

/// Writes tensors of any device in the given order, the data from a multiple of 64 bytes on. The
/// file is replaced at once or not at all; a failure is an Error. A checksum goes into the
/// metadata.
void write_safetensors(const std::string& path,
                       const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace elastic
