// Converts literals of Python to JSON.
#pragma once

#include <string>
#include <string_view>

namespace elastic::data {

/// Converts what Python's repr() writes for dicts, lists, tuples, text, bytes, numbers, True, False
/// and None to JSON in `json`. Numbers that are keys become text; nan and inf become text. Bytes
/// that are UTF-8 ('caf\xc3\xa9' of Python 2) become its characters. Returns "" or the problem with
/// its byte, from 1; brackets are checked, the order of values, commas and colons is not.
std::string python_to_json(std::string_view text, std::string& json);

}  // namespace elastic::data
