// A gated recurrent unit.
#pragma once

#include "autograd/variable.h"
#include "tensor/segments.h"

namespace elastic::ops {

/// A gated recurrent unit along each segment, from a zero state (Cho et al., arXiv 1406.1078, with
/// the reset gate after the product). Gates are stored in the order reset, update, new: with i =
/// input_t and g = h_{t-1} weight^T + bias,
///   r = sigmoid(i_r + g_r),  z = sigmoid(i_z + g_z),  n = tanh(i_n + r g_n),
///   h_t = (1 - z) n + z h_{t-1}.
///
/// input [T, 3 D] in `segments`, weight [3 D, D], bias [3 D] -> h [T, D]. Gradient: with d_t =
/// dL/dh_t, including the part from token t + 1,
///   di_n = d (1 - z) (1 - n^2),  di_r = di_n g_n r (1 - r),  di_z = d (h_{t-1} - n) z (1 - z),
///   dg = [di_r, di_z, di_n r],  d_{t-1} += d z + dg weight,
///   dweight = sum of dg^T h_{t-1},  dbias = sum of dg.
/// Backward recomputes the gates from the states. Throws ShapeError when the shapes do not fit.
Variable gru(const Variable& input,
             const Variable& weight,
             const Variable& bias,
             const Segments& segments);

}  // namespace elastic::ops
