// A text as a field of comma-separated values.
#pragma once

#include <string>

namespace elastic {

/// In quotes if it contains a comma, a quote or a line end.
std::string csv_field(const std::string& text);

}  // namespace elastic
