// The number of threads of the CPU kernels. Results do not depend on it.
#pragma once

namespace elastic {

/// Sets the number; 0 or less: one per core.
void set_num_threads(int count);
int num_threads();

}  // namespace elastic
