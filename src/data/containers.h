// Files of events that are not text: archives, tables of other programs, databases.
#pragma once

#include <string>
#include <string_view>

#include "data/compressed.h"

namespace elastic::data {

/// Throws DataError if `bytes` are a file of a known kind other than text. The message names the
/// kind and one command line that converts the file at `path`. `outer` is the compression that the
/// bytes were in, or null.
void refuse_container(std::string_view bytes, const std::string& path, const Compression* outer);

}  // namespace elastic::data
