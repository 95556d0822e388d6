// Fields of tab-separated rows.
#pragma once

#include <string>

namespace elastic::cli {

/// The text with a blank in place of every tab and line end, which would split the field.
std::string tsv_field(std::string text);

}  // namespace elastic::cli
