// Properties of the terminal on standard error.
#pragma once

#include <string>

namespace elastic::cli {

/// True if standard error is a terminal that can show a live line.
bool error_is_terminal();
/// The number of columns of standard error; 80 if unknown.
int error_width();
/// True if prefixes may be coloured: on a terminal, without NO_COLOR and TERM=dumb.
bool error_has_color();

/// Prints "elastic: <message>" on standard error, as one line of visible characters.
void print_error(const std::string& message);

}  // namespace elastic::cli
