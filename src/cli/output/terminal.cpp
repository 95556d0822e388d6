#include "cli/output/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "base/visible_text.h"

namespace elastic::cli {
namespace {

bool is_dumb() {
  const char* kind = std::getenv("TERM");
  return kind != nullptr && std::string_view(kind) == "dumb";
}

}  // namespace

bool error_is_terminal() {
  return isatty(STDERR_FILENO) == 1 && !is_dumb();
}

int error_width() {
  winsize size{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

bool error_has_color() {
  const char* refused = std::getenv("NO_COLOR");
  return error_is_terminal() && (refused == nullptr || *refused == '\0');
}

void print_error(const std::string& message) {
  const char* prefix = error_has_color() ? "\033[1;31melastic:\033[0m" : "elastic:";
  std::fprintf(stderr, "%s %s\n", prefix, visible(message).c_str());
}

}  // namespace elastic::cli
