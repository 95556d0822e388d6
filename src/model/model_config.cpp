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

// One of two words.
void require_choice(const char* option,
                    const std::string& value,
                    const char* first,
                    const char* second) {
  require(value == first || value == second, option, value, concat(first, " or ", second));
}

}  // namespace

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
  require(c.position == "auto" || c.position == "recent" || c.position == "forward" ||
              c.position == "none",
          "position",
          c.position,
          "auto, recent, forward or none");
  require(c.retrieval_heads >= 1, "retrieval-heads", c.retrieval_heads, "at least 1");
  require(c.num_experts >= 1 && c.num_experts % c.retrieval_heads == 0,
          "num-experts",
          c.num_experts,
          concat("a multiple of --retrieval-heads ", c.retrieval_heads));
  require(c.pool_subkeys >= 1 && c.pool_subkeys <= 4096 &&
              c.num_experts / c.retrieval_heads <= c.pool_subkeys * c.pool_subkeys,
          "pool-subkeys",
          c.pool_subkeys,
          "1 to 4096, its square at least --num-experts / --retrieval-heads");
  require(c.key_dim >= 2 && c.key_dim % 2 == 0, "key-dim", c.key_dim, "an even number, at least 2");
  require(c.query_stride >= 2, "query-stride", c.query_stride, "at least 2");
  require(c.query_attention_len >= 0, "query-attention-len", c.query_attention_len, "0 or more");
  require_choice("retrieval", c.retrieval, "learned", "random");
  require_choice("expert-gate", c.expert_gate, "softmax", "none");
  require_choice("expert-start", c.expert_start, "carried", "retrieved");
  require_choice("query-network", c.query_network, "hierarchical", "mean");
  require_choice("query-norm", c.query_norm, "layer", "centred");
  require_choice("memory", c.memory, "none", "per-token");
  require(c.window >= 1, "window", c.window, "at least 1");
  require(c.gate_temperature > 0.0, "gate-temperature", c.gate_temperature, "above 0");
  require(c.num_clusters >= 0, "num-clusters", c.num_clusters, "0 or more");
  require(c.lisa_variant == "base" || c.lisa_variant == "soft" || c.lisa_variant == "mini",
          "lisa-variant",
          c.lisa_variant,
          "base, soft or mini");
  require(c.num_codebooks >= 1, "num-codebooks", c.num_codebooks, "at least 1");
  require(c.codebook_size >= 1, "codebook-size", c.codebook_size, "at least 1");
  require(c.target_codebooks >= 1, "target-codebooks", c.target_codebooks, "at least 1");
  require(
      c.target_codebook_size >= 1, "target-codebook-size", c.target_codebook_size, "at least 1");
  require(c.codebook_temperature > 0.0, "codebook-temperature", c.codebook_temperature, "above 0");
  require(c.histogram_decay >= 0.0, "histogram-decay", c.histogram_decay, "0 or more");
}

}  // namespace elastic
