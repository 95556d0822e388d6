// One spelling for numbers that are ids.
#pragma once

#include <string>
#include <string_view>

namespace elastic::data {

/// `raw` without a fraction of zeros: "1.0" is "1", "-0.0" is "0". An exponent is expanded where
/// the value is an integer of at most 40 digits: "1e3" is "1000". Integers of any length, other
/// fractions ("1.50") and text that is no number of JSON stay as written. The result points into
/// `raw`, a constant, or `buffer`.
std::string_view canonical_number(std::string_view raw, std::string& buffer);

/// True if `text` is a number of JSON.
bool is_json_number(std::string_view text);

}  // namespace elastic::data
