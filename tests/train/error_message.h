// The message of an expected error.
#pragma once

#include <functional>
#include <string>

namespace elastic::train {

/// The message of the error E that `action` throws; empty if it returns.
template <class E>
std::string error_message(const std::function<void()>& action) {
  try {
    action();
  } catch (const E& error) {
    return error.what();
  }
  return "";
}

}  // namespace elastic::train
