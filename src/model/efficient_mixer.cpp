#include "model/efficient_mixer.h"

#include "autograd/ops/linear.h"
#include "autograd/ops/linear_attention.h"
#include "autograd/ops/reshape.h"
#include "autograd/ops/softmax.h"
#include "autograd/ops/token_softmax.h"

namespace elastic {

Variable EfficientMixer::attend(const Variable& from,
                                const Segments& queries,
                                const Variable& z,
                                const Segments& keys) const {
  const Variable query = ops::linear(from, weights().query);
  const Shape by_head{query.shape()[0], num_heads(), query.shape()[1] / num_heads()};
  return ops::linear_attention(
      ops::reshape(ops::softmax(ops::reshape(query, by_head)), query.shape()),
      ops::token_softmax(ops::linear(z, weights().key), keys),
      ops::linear(z, weights().value),
      queries,
      keys,
      num_heads());
}

}  // namespace elastic
