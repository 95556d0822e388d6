// JSON of files that other programs may have written or damaged.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace elastic::data {

/// The deepest level of lists and objects that is read. Deeper values would exhaust the stack where
/// they are copied or compared.
inline constexpr int kDeepestJson = 64;

/// A discarded value if `text` is not JSON, or is nested deeper than kDeepestJson. Does not throw.
nlohmann::ordered_json parse_json(std::string_view text);

/// `json` as text, in one line unless `indent` is given. Bytes that are not UTF-8, such as those of
/// an old file name, become U+FFFD.
std::string json_text(const nlohmann::ordered_json& json, int indent = -1);
std::string json_text(const nlohmann::json& json, int indent = -1);

}  // namespace elastic::data
