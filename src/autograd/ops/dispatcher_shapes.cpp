#include "autograd/ops/dispatcher_shapes.h"

namespace elastic::ops {

void check_dispatcher(const char* op,
                      const Variable& x,
                      const Variable& experts,
                      const Segments& segments) {
  require_shape(x.shape().rank() == 2 && x.shape()[0] == segments.num_tokens(),
                op,
                ": expected tokens [",
                segments.num_tokens(),
                ", D], got ",
                x.shape());
  require_shape(experts.shape().rank() == 4 && experts.shape()[0] == segments.size() &&
                    experts.shape()[3] == x.shape()[1],
                op,
                ": expected experts [",
                segments.size(),
                ", H, k, ",
                x.shape()[1],
                "], got ",
                experts.shape());
}

}  // namespace elastic::ops
