#include "model/linrec_mixer.h"

#include "autograd/ops/elementwise.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/linear_attention.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/unit_elu.h"

namespace elastic {

Variable LinRecMixer::unit_features(const Variable& x) const {
  const Shape by_head{x.shape()[0], num_heads(), x.shape()[1] / num_heads()};
  return ops::reshape(ops::unit_elu(ops::reshape(x, by_head)), x.shape());
}

Variable LinRecMixer::attend(const Variable& from,
                             const Segments& queries,
                             const Variable& z,
                             const Segments& keys) const {
  const Variable query = ops::linear(from, weights().query);
  // Scales the weight, D^2 numbers, instead of the tokens.
  const double scale = attention_scale(query.shape()[1], num_heads());
  return ops::linear_attention(unit_features(query),
                               unit_features(ops::linear(z, weights().key)),
                               ops::linear(z, ops::scale(weights().value, scale)),
                               queries,
                               keys,
                               num_heads());
}

}  // namespace elastic
