// Names of the files in an archive, for messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// Of a zip archive, by its directory at the end; empty if it is damaged. Folders are left out.
std::vector<std::string> zip_members(std::string_view bytes);

/// True if `bytes` start with the header of a tar archive.
bool is_tar(std::string_view bytes);
std::vector<std::string> tar_members(std::string_view bytes);

}  // namespace elastic::data
