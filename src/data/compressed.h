// Recognises and decodes compressed files.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/decoders.h"

namespace elastic::data {

struct Compression {
  const char* name;    ///< of the format and of the program that decodes it
  const char* suffix;  ///< usual end of a file's name
  void (*decode)(std::string_view bytes, TextSink& sink);
};

/// The compression of a file by its first bytes, or null.
const Compression* compression_of(std::string_view bytes);

}  // namespace elastic::data
