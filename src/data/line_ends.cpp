#include "data/line_ends.h"

#include <algorithm>
#include <cstring>

namespace elastic::data {
namespace {

// Moves the text over each run of '\r' that '\n' or the end of the text follows.
void drop_returns_before_line_ends(std::string& text) {
  char* const begin = text.data();
  const char* const end = begin + text.size();
  char* kept = begin;
  const char* at = begin;
  while (at < end) {
    const void* const found = std::memchr(at, '\r', static_cast<std::size_t>(end - at));
    const char* const run = found == nullptr ? end : static_cast<const char*>(found);
    std::memmove(kept, at, static_cast<std::size_t>(run - at));
    kept += run - at;
    const char* const next = std::find_if(run, end, [](char c) { return c != '\r'; });
    if (next != end && *next != '\n') {
      kept = std::fill_n(kept, next - run, '\r');
    }
    at = next;
  }
  text.resize(static_cast<std::size_t>(kept - begin));
}

}  // namespace

void unify_line_ends(std::string& text) {
  if (text.find('\r') == std::string::npos) {
    return;
  }
  if (text.find('\n') == std::string::npos) {
    std::replace(text.begin(), text.end(), '\r', '\n');
  } else {
    drop_returns_before_line_ends(text);
  }
}

}  // namespace elastic::data
