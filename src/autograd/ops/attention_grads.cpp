#include "autograd/ops/attention_grads.h"

namespace elastic::ops {

AttentionGrads::AttentionGrads(const Variable& query_input,
                               const Variable& key_input,
                               const Variable& value_input)
    : query(empty_like(query_input.value(), Memory::kGradient)),
      key(empty_like(key_input.value(), Memory::kGradient)),
      value(empty_like(value_input.value(), Memory::kGradient)) {}

void AttentionGrads::add_to(const Variable& query_input,
                            const Variable& key_input,
                            const Variable& value_input) {
  query_input.add_grad(std::move(query));
  key_input.add_grad(std::move(key));
  value_input.add_grad(std::move(value));
}

}  // namespace elastic::ops
