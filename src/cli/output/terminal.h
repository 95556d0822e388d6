// What is known about the terminal behind standard error.
#pragma once

#include <string>

namespace elastic::cli {

/// A person watches standard error: a live line is welcome.
bool error_is_terminal();
/// Columns of standard error, or 80.
int error_width();
/// Error and warning prefixes may be coloured: a terminal, and neither NO_COLOR nor TERM=dumb.
bool error_has_color();

/// Prints "elastic: <message>" on standard error.
void print_error(const std::string& message);

}  // namespace elastic::cli
