#include "model/model_config.h"

#include "base/error.h"

namespace elastic {
namespace {

template <class Value>
void require(bool condition, const char* option, const Value& value, const std::string& allowed) {
  if (!condition) {
    throw UsageError("--", option, ": expected ", allowed, ", got ", value);
  }
}

}  // namespace

ModelList models_with_option(const std::string& option) {
  ModelList found;
  const ModelConfig defaults;
  visit_options(defaults,
                [&](const std::string& name, const auto&, const char*, const auto&... facts) {
                  [[maybe_unused]] const auto take = [&](const auto& fact) {
                    if constexpr (std::is_same_v<std::remove_cvref_t<decltype(fact)>, ModelList>) {
                      found = name == option ? fact : found;
                    }
                  };
                  (take(facts), ...);
                });
  return found;
}

void check(const ModelConfig& c) {
  check_ranges(c);
  require(c.dim % c.num_heads == 0, "num-heads", c.num_heads, concat("a divisor of --dim ", c.dim));
  require(c.num_experts % c.retrieval.heads == 0,
          "num-experts",
          c.num_experts,
          concat("a multiple of --retrieval-heads ", c.retrieval.heads));
  require(c.num_experts / c.retrieval.heads <= c.retrieval.pool_subkeys * c.retrieval.pool_subkeys,
          "pool-subkeys",
          c.retrieval.pool_subkeys,
          "a number whose square is at least --num-experts / --retrieval-heads");
  require(c.logits.kind == LogitKind::kCosine || c.logits.scale == LogitOptions{}.scale,
          "logit-scale",
          c.logits.scale,
          "no value with --logits dot, which has no scale");
  require(c.retrieval.key_dim % 2 == 0, "key-dim", c.retrieval.key_dim, "an even number");
}

}  // namespace elastic
