// Files by name or pattern.
#pragma once

#include <string>
#include <vector>

namespace elastic::data {

/// The files of --data: "-" and names as they are, patterns such as "logs/*.csv" expanded in the
/// order of their names. Throws DataError if a pattern matches no file.
std::vector<std::string> matching_files(const std::vector<std::string>& texts);

}  // namespace elastic::data
