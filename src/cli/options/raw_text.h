// Texts of any bytes, such as file names, in JSON, which holds Unicode only.
#pragma once

#include <string>

namespace elastic::cli {

/// `raw` itself if it is UTF-8 and does not begin with "bytes:". Else "bytes:" and the text; bytes
/// outside UTF-8 and percent signs are written as %XX.
std::string to_json_spelling(const std::string& raw);

/// The inverse. A text that does not begin with "bytes:" is returned as it is; so are percent signs
/// without two hexadecimal digits.
std::string from_json_spelling(const std::string& text);

}  // namespace elastic::cli
