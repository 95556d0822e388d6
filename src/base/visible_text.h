// Foreign text on a terminal: ids, titles, paths, lines of files.
#pragma once

#include <string>
#include <string_view>

namespace elastic {

/// `text` as one line of visible characters, in UTF-8. A tab or line end, also U+0085, U+2028 and
/// U+2029, becomes a blank. U+FFFD takes the place of other control characters, of bytes that are
/// not UTF-8, of characters that change the direction of the text, and of invisible ones. Joiners
/// (U+200C, U+200D) and soft hyphens are left out. Everything that is written to standard output or
/// standard error and is not JSON passes through here.
std::string visible(std::string_view text);

}  // namespace elastic
