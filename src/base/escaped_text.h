// Names in files with one name per line or several between tabs.
#pragma once

#include <string>
#include <string_view>

namespace elastic {

/// `name` with tabs, line breaks and backslashes written as \t, \n, \r and \\.
std::string escaped(std::string_view name);

/// The name that `escaped` wrote so.
std::string unescaped(std::string_view text);

}  // namespace elastic
