// System calls that a signal interrupted.
#pragma once

#include <cerrno>

namespace elastic {

/// `call()` until it is not interrupted (-1 with EINTR); returns what it returned.
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
