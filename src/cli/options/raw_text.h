// Texts of any bytes, such as file names, in JSON, which holds Unicode only.
#pragma once

#include <string>

namespace elastic::cli {

/// `raw` itself if it is UTF-8. Otherwise, and if it begins with "bytes:", "bytes:" and the text in
/// which %XX stands for each byte that is not part of a character, and for each %.
std::string to_json_spelling(const std::string& raw);

/// The inverse. A text that does not begin with "bytes:" is returned as it is; so are percent signs
/// without two hexadecimal digits.
std::string from_json_spelling(const std::string& text);

}  // namespace elastic::cli
