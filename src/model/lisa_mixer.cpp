#include "model/lisa_mixer.h"

#include <cmath>

#include "autograd/ops/dropout.h"
#include "autograd/ops/elementwise.h"
#include "autograd/ops/histogram_attention.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/stack.h"

namespace elastic {
namespace {

Variable make_lisa_projection(ParameterStore& store,
                              const std::string& name,
                              const ModelConfig& config) {
  return store.add(name, {config.lisa.num_codebooks, config.dim, config.dim}, Init::kXavierUniform);
}

}  // namespace

LisaMixer::LisaMixer(ParameterStore& store, const std::string& layer, const ModelConfig& config)
    : query_(make_lisa_projection(store, layer + ".attention.query", config)),
      key_(make_lisa_projection(store, layer + ".attention.key", config)),
      value_(make_lisa_projection(store, layer + ".attention.value", config)),
      output_(make_linear(store, layer + ".attention.output", config.dim, config.dim)),
      decay_(config.lisa.histogram_decay) {
  make_norm(store, layer + ".attention_norm", config.dim);
  store.mark_unread(layer + ".attention_norm");
}

LisaMixer::Tables LisaMixer::make_tables(const std::vector<Variable>& codebooks) const {
  const std::vector<Variable> queries = ops::unstack(query_);
  const std::vector<Variable> keys = ops::unstack(key_);
  const std::vector<Variable> values = ops::unstack(value_);
  const double scale = 1.0 / std::sqrt(static_cast<double>(query_.shape()[-1]));
  std::vector<Variable> scores;
  std::vector<Variable> outputs;
  for (std::size_t c = 0; c < codebooks.size(); ++c) {
    const Variable& words = codebooks[c];
    scores.push_back(ops::linear(ops::scale(ops::linear(words, queries[c]), scale),
                                 ops::linear(words, keys[c])));
    outputs.push_back(ops::linear(
        ops::linear(words, values[c]), output_.weight, c == 0 ? output_.bias : Variable()));
  }
  return {ops::stack(scores), ops::stack(outputs)};
}

void LisaMixer::set_weights_fixed(bool fixed) {
  fixed_ = fixed;
  fixed_tables_ = {};
}

Variable LisaMixer::mix(const Variable& x,
                        MixerState& state,
                        const Queries& queries,
                        const Dropout& dropout) const {
  if (fixed_ && !fixed_tables_.scores.defined()) {
    fixed_tables_ = make_tables(state.words.codebooks);
  }
  const Tables tables = fixed_ ? fixed_tables_ : make_tables(state.words.codebooks);
  const Variable mixed = ops::histogram_attention(state.words.codes,
                                                  state.ids,
                                                  state.segments,
                                                  tables.scores,
                                                  tables.values,
                                                  decay_,
                                                  queries.last_only());
  return ops::add(queries.of(x), ops::dropout(mixed, dropout));
}

}  // namespace elastic
