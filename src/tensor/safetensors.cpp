#include "tensor/safetensors.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <utility>

#include "base/atomic_file.h"
#include "base/checksum.h"
#include "base/error.h"
#include "tensor/backend.h"
#include "tensor/safetensors_format.h"

namespace elastic {
namespace {

using safetensors_format::kChecksumKey;
using safetensors_format::kLengthBytes;
using safetensors_format::kMetadataKey;

constexpr std::uint64_t kAlignment = 64;  // of the data, for readers that map the file
constexpr std::int64_t kPiece = std::int64_t{1} << 18;  // elements copied at once: fits a cache

}  // namespace

bool Safetensors::has(const std::string& name) const {
  return std::any_of(tensors.begin(), tensors.end(), [&](const NamedTensor& tensor) {
    return tensor.name == name;
  });
}

const Tensor& Safetensors::find(const std::string& name) const {
  for (const NamedTensor& tensor : tensors) {
    if (tensor.name == name) {
      return tensor.tensor;
    }
  }
  throw CheckpointError(path, ": no tensor '", name, "'");
}

const std::string& Safetensors::metadata_at(const std::string& key) const {
  const auto found = metadata.find(key);
  if (found == metadata.end()) {
    throw CheckpointError(path, ": no '", key, "' in the metadata");
  }
  return found->second;
}

void write_safetensors(const std::string& path,
                       const std::vector<NamedTensor>& tensors,
                       const std::map<std::string, std::string>& metadata,
                       const ElementSource& source) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  ELASTIC_CHECK(!metadata.contains(kChecksumKey), "the checksum is the writer's");
  const std::string no_checksum(Checksum::kDigits, '0');
  header[kMetadataKey] = {{kChecksumKey, no_checksum}};  // the first value in the text
  header[kMetadataKey].update(nlohmann::ordered_json(metadata));
  std::uint64_t position = 0;
  for (const auto& [name, tensor] : tensors) {
    ELASTIC_CHECK(name != kMetadataKey && !header.contains(name), "bad or repeated name ", name);
    auto shape = nlohmann::ordered_json::array();
    for (int i = 0; i < tensor.shape().rank(); ++i) {
      shape.push_back(tensor.shape()[i]);
    }
    const std::uint64_t end = position + tensor.bytes();
    header[name] = {{"dtype", safetensors_format::name_of(tensor.dtype())},
                    {"shape", std::move(shape)},
                    {"data_offsets", {position, end}}};
    position = end;
  }

  std::string text = header.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  const std::uint64_t used = (kLengthBytes + text.size()) % kAlignment;
  text.append((kAlignment - used) % kAlignment, ' ');
  const std::uint64_t header_bytes = text.size();
  ELASTIC_CHECK(header_bytes <= safetensors_format::kMaxHeaderBytes,
                path,
                ": a header of ",
                header_bytes,
                " bytes, which no reader accepts");

  AtomicFile file(path);
  Checksum checksum;
  file.write(&header_bytes, kLengthBytes);
  file.write(text);
  checksum.add(text);
  std::vector<char> bytes;
  for (std::size_t index = 0; index < tensors.size(); ++index) {
    const Tensor& tensor = tensors[index].tensor;
    const Tensor flat = tensor.reshape({tensor.numel()});
    for (std::int64_t begin = 0; begin < flat.numel(); begin += kPiece) {
      const std::int64_t end = std::min(flat.numel(), begin + kPiece);
      const Tensor part = flat.slice(begin, end);
      bytes.resize(part.bytes());
      if (source) {
        source(index, begin, end, bytes.data());
      } else {
        backend_for(part.device()).copy_to_host(part, bytes.data());
      }
      file.write(bytes.data(), bytes.size());
      checksum.add(bytes.data(), bytes.size());
    }
  }
  file.overwrite(kLengthBytes + text.find(no_checksum), checksum.hex());
  file.commit();
}

}  // namespace elastic
