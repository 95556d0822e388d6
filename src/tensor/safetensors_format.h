// Constants shared by reader and writer of the safetensors format.
#pragma once

#include <bit>
#include <cstdint>

#include "tensor/dtype.h"

namespace elastic::safetensors_format {

static_assert(std::endian::native == std::endian::little, "safetensors are little endian");

inline constexpr const char* kMetadataKey = "__metadata__";
/// Metadata key of a checksum over the header, with zeros in its place, and all elements. Files of
/// other writers have none and are read without a check.
inline constexpr const char* kChecksumKey = "checksum_xxh3";
/// The header's length, stored in front of it.
inline constexpr std::uint64_t kLengthBytes = 8;

/// The limit of the reference implementation.
inline constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;

/// The format's name for an element type.
inline const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::kFloat32:
      return "F32";
    case DType::kFloat64:
      return "F64";
    case DType::kInt32:
      return "I32";
  }
  return "";
}

}  // namespace elastic::safetensors_format
