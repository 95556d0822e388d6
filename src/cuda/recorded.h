// Work recorded as a CUDA graph.
#pragma once

#include <functional>
#include <memory>

#include "tensor/backend.h"

namespace elastic::cuda {

/// Records the work that `work` puts on the stream: Backend::record.
std::unique_ptr<RecordedWork> record_graph(const std::function<void()>& work);

}  // namespace elastic::cuda
