// Multi-head attention without softmax, linear in the number of tokens.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// Multiplies each query with the sum over its segment of key^T value, head by head: context[b, h]
/// = sum over the keys s of segment b of key_s^T value_s [Dh, Dh], out_t = query_t context[b, h].
/// No normalisation and no scale. Katharopoulos et al., arXiv 2006.16236; Shen et al., arXiv
/// 1812.01243.
///
/// query [Tq, D] in `queries`; key, value [Tk, D] in `keys`; heads side by side, Dh = D / num_heads
/// -> [Tq, D]. Segment b of the queries reads segment b of the keys; zeros if that is empty.
/// Gradient: with C the context and g = dL/dout, dC = sum_t query_t^T g_t, dquery = g C^T,
/// dkey = value dC^T, dvalue = key dC.
/// Throws ShapeError when shapes, segments or heads do not fit.
Variable linear_attention(const Variable& query,
                          const Variable& key,
                          const Variable& value,
                          const Segments& queries,
                          const Segments& keys,
                          std::int64_t num_heads);

}  // namespace elastic::ops
