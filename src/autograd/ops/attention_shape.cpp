#include "autograd/ops/attention_shape.h"

namespace elastic::ops {

void check_attention(const char* op,
                     const Variable& query,
                     const Variable& key,
                     const Variable& value,
                     const Segments& query_segments,
                     const Segments& key_segments,
                     const AttentionShape& shape) {
  require_shape(query.shape().rank() == 2 && key.shape().rank() == 2 &&
                    query.shape()[1] == key.shape()[1] && key.shape() == value.shape(),
                op,
                ": query ",
                query.shape(),
                ", key ",
                key.shape(),
                " and value ",
                value.shape(),
                " do not fit");
  require_shape(query.shape()[0] == query_segments.num_tokens() &&
                    key.shape()[0] == key_segments.num_tokens() &&
                    query_segments.size() == key_segments.size() &&
                    (!shape.causal || query_segments.host() == key_segments.host()),
                op,
                ": the segments do not fit query ",
                query.shape(),
                " and key ",
                key.shape());
  require_shape(query.shape()[1] % shape.num_heads == 0,
                op,
                ": ",
                shape.num_heads,
                " heads do not divide ",
                query.shape());
  require_shape(shape.window >= 0 && (shape.window == 0 || shape.causal),
                op,
                ": expected a window of 0 or more, and 0 unless causal, got ",
                shape.window);
}

}  // namespace elastic::ops
