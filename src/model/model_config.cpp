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
}

}  // namespace elastic
