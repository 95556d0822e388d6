// Line ends of a text.
#pragma once

#include <string>

namespace elastic::data {

/// Makes '\n' the only line end of `text`, in place: "\r\n" becomes '\n', and so does a lone '\r'
/// if the text holds no '\n' (files of old Macs). Other '\r' stay, within quoted fields for
/// example. Further '\r' before "\r\n" go too, and so do those at the end of the text.
void unify_line_ends(std::string& text);

}  // namespace elastic::data
