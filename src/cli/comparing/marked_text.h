// Escaping of foreign text for Markdown and LaTeX.
#pragma once

#include <string>

namespace elastic::cli {

/// `text` as visible() shows it, with the characters escaped that Markdown would interpret, also
/// within a table.
std::string markdown_text(const std::string& text);

/// The same for LaTeX, outside mathematics.
std::string latex_text(const std::string& text);

}  // namespace elastic::cli
