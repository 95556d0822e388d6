// What a test program can ask for before its tests run.
#pragma once

#include <string>

namespace elastic {

/// Why the tests cannot run here, in a line; empty when they can. Null: nothing is asked for.
/// test_device.h sets it, so that programs without tensors need neither device nor library.
inline std::string (*why_skipped)() = nullptr;

/// What CTest takes for "skipped".
inline constexpr int kSkipped = 77;

}  // namespace elastic
