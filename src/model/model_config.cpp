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
  visit_options(
      defaults,
      [&](const std::string& name, const auto&, const char*, const ModelList& models = {}) {
        found = name == option ? models : found;
      });
  return found;
}

void check(const ModelConfig& c) {
  require(c.dim >= 1, "dim", c.dim, "at least 1");
  require(c.num_heads >= 1 && c.dim % c.num_heads == 0,
          "num-heads",
          c.num_heads,
          concat("a divisor of --dim ", c.dim));
  require(c.num_layers >= 1, "num-layers", c.num_layers, "at least 1");
  require(c.ffn_dim >= 1, "ffn-dim", c.ffn_dim, "at least 1");
  require(c.max_len >= 1 && c.max_len <= (std::int64_t{1} << 24),
          "max-len",
          c.max_len,
          "1 to 16777216");
  require(c.dropout >= 0.0 && c.dropout < 1.0, "dropout", c.dropout, "0 or more and less than 1");
  require(c.retrieval.heads >= 1, "retrieval-heads", c.retrieval.heads, "at least 1");
  require(c.num_experts >= 1 && c.num_experts % c.retrieval.heads == 0,
          "num-experts",
          c.num_experts,
          concat("a multiple of --retrieval-heads ", c.retrieval.heads));
  require(
      c.retrieval.pool_subkeys >= 1 && c.retrieval.pool_subkeys <= 4096 &&
          c.num_experts / c.retrieval.heads <= c.retrieval.pool_subkeys * c.retrieval.pool_subkeys,
      "pool-subkeys",
      c.retrieval.pool_subkeys,
      "1 to 4096, its square at least --num-experts / --retrieval-heads");
  require(c.retrieval.key_dim >= 2 && c.retrieval.key_dim % 2 == 0,
          "key-dim",
          c.retrieval.key_dim,
          "an even number, at least 2");
  require(c.retrieval.query_stride >= 2, "query-stride", c.retrieval.query_stride, "at least 2");
  require(c.retrieval.query_attention_len >= 0,
          "query-attention-len",
          c.retrieval.query_attention_len,
          "0 or more");
  require(c.window >= 1, "window", c.window, "at least 1");
  require(c.gate_temperature > 0.0, "gate-temperature", c.gate_temperature, "above 0");
  require(c.num_clusters >= 0, "num-clusters", c.num_clusters, "0 or more");
  require(c.lisa.num_codebooks >= 1, "num-codebooks", c.lisa.num_codebooks, "at least 1");
  require(c.lisa.codebook_size >= 1, "codebook-size", c.lisa.codebook_size, "at least 1");
  require(c.lisa.target_codebooks >= 1, "target-codebooks", c.lisa.target_codebooks, "at least 1");
  require(c.lisa.target_codebook_size >= 1,
          "target-codebook-size",
          c.lisa.target_codebook_size,
          "at least 1");
  require(c.lisa.codebook_temperature > 0.0,
          "codebook-temperature",
          c.lisa.codebook_temperature,
          "above 0");
  require(c.lisa.histogram_decay >= 0.0, "histogram-decay", c.lisa.histogram_decay, "0 or more");
}

}  // namespace elastic
