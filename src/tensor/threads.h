// How many threads the CPU kernels use. Results do not depend on it.
#pragma once

namespace elastic {

/// 0 or less: one per core.
void set_num_threads(int count);
int num_threads();

}  // namespace elastic
