#include "base/error.h"

namespace elastic {

void fail_check(const char* condition, const char* file, int line, const std::string& message) {
  throw Error(
      concat("internal error: ", condition, " does not hold at ", file, ":", line, ": ", message));
}

}  // namespace elastic
