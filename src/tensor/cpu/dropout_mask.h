// Dropout masks recomputed from counters.
#pragma once

#include <cstdint>

#include "tensor/dropout.h"

namespace elastic::cpu {

/// values[i] *= mask(first + i) / (1 - rate) for i in 0..count-1, `first` counted in the whole
/// tensor. No effect if the dropout is not active.
template <class T>
void apply_dropout(const Dropout& dropout, std::int64_t first, std::int64_t count, T* values);

}  // namespace elastic::cpu
