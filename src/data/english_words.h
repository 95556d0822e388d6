// Words of columns' names in other languages, and words written together.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// The English words of a word in lower case: "kundennummer" is customer, number; "username" is
/// user, name; "用户id" is user, id. A word that is not known stays as it is.
std::vector<std::string> in_english(std::string_view word);

}  // namespace elastic::data
