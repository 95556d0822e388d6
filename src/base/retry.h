// Retries system calls that a signal interrupted.
#pragma once

#include <cerrno>

namespace elastic {

/// Repeats `call()` while it is interrupted (-1 with EINTR); returns its last result.
template <class Call>
auto retry_interrupted(Call&& call) -> decltype(call()) {
  for (;;) {
    const auto result = call();
    if (result != -1 || errno != EINTR) {
      return result;
    }
  }
}

}  // namespace elastic
