// What a model is: its hyper-parameters, each declared once with its name, meaning and default.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

namespace elastic {

/// Names, defaults and letters as in docs/models.md.
struct ModelConfig {
  std::string model = "elastic";
  std::int64_t dim = 64;
  std::int64_t num_heads = 2;
  std::int64_t num_layers = 2;
  std::int64_t ffn_dim = 256;
  std::int64_t max_len = 200;
  double dropout = 0.1;
  std::string position = "auto";
  std::int64_t num_experts = 8;
  std::int64_t pool_subkeys = 16;
  std::int64_t retrieval_heads = 1;
  std::int64_t key_dim = 64;
  std::int64_t query_stride = 4;
  std::int64_t query_attention_len = 256;
  std::string retrieval = "learned";
  std::string expert_gate = "softmax";
  std::string expert_start = "carried";
  std::string query_network = "hierarchical";
  std::string query_norm = "layer";
  std::string memory = "none";
  std::int64_t window = 32;
  double gate_temperature = 8.0;
  std::int64_t num_clusters = 0;
  std::string lisa_variant = "base";
  std::int64_t num_codebooks = 8;
  std::int64_t codebook_size = 128;
  std::int64_t target_codebooks = 8;
  std::int64_t target_codebook_size = 128;
  double codebook_temperature = 1.0;
  double histogram_decay = 0.1;
  std::int64_t num_items = 0;  ///< V, from the data; not an option

  bool operator==(const ModelConfig&) const = default;
};

/// Calls visitor(name, field, help) for every option of the config, in the order of the help.
/// `Config` is ModelConfig or const ModelConfig.
template <class Config, class Visitor>
void visit_options(Config& config, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Config>, ModelConfig> {
  visitor("model", config.model, "which model: see docs/models.md");
  visitor("dim", config.dim, "hidden size D");
  visitor("num_heads", config.num_heads, "attention heads H; D is divisible by H");
  visitor("num_layers", config.num_layers, "layers L");
  visitor("ffn_dim", config.ffn_dim, "hidden size F of the feed-forward network");
  visitor("max_len", config.max_len, "latest events of a history that the model reads, N");
  visitor("dropout", config.dropout, "dropout rate in [0, 1)");
  visitor("position",
          config.position,
          "position embedding: recent (counted back from the latest event), forward, none, or auto "
          "(recent for bidirectional models, forward for causal ones)");
  visitor("num_experts", config.num_experts, "interest experts k (dispatchers)");
  visitor("pool_subkeys", config.pool_subkeys, "sub-keys S per half; the pool holds S*S experts");
  visitor("retrieval_heads", config.retrieval_heads, "retrieval heads M; k is divisible by M");
  visitor("key_dim", config.key_dim, "size Dk of a retrieval query, even");
  visitor(
      "query_stride", config.query_stride, "tokens pooled per level of the query network, r >= 2");
  visitor("query_attention_len",
          config.query_attention_len,
          "query-network levels up to this length attend within themselves");
  visitor("retrieval",
          config.retrieval,
          "learned, or random: any experts of the pool, drawn anew for every history (ablation)");
  visitor("expert_gate",
          config.expert_gate,
          "softmax of the retrieval scores, or none: the query network then learns nothing "
          "(ablation)");
  visitor("expert_start",
          config.expert_start,
          "a layer's experts: carried from the layer before, or retrieved, the same for all layers "
          "(ablation)");
  visitor("query_network",
          config.query_network,
          "hierarchical, or mean: of the history's events (ablation)");
  visitor("query_norm",
          config.query_norm,
          "layer: each query by itself, as in the paper; or centred: also less the running mean of "
          "all queries, so that different users retrieve different experts");
  visitor("memory",
          config.memory,
          "elastic-causal: none, or per-token: every event retrieves experts of its own");
  visitor("window",
          config.window,
          "elastic-window: latest events that attend to each other exactly, w; w targets a pass");
  visitor("gate_temperature", config.gate_temperature, "gsa: temperature of the forget gates");
  visitor("num_clusters",
          config.num_clusters,
          "routing: clusters per head; 0: the square root of max_len, rounded up");
  visitor("lisa_variant",
          config.lisa_variant,
          "base (scores quantised items), soft (soft codes, scores items) or mini (scores items "
          "quantised by codebooks of their own)");
  visitor("num_codebooks", config.num_codebooks, "lisa: residual codebooks C");
  visitor("codebook_size", config.codebook_size, "lisa: words of a codebook, W");
  visitor("target_codebooks", config.target_codebooks, "lisa mini: codebooks of the scored items");
  visitor("target_codebook_size",
          config.target_codebook_size,
          "lisa mini: words of a codebook of the scored items");
  visitor("codebook_temperature",
          config.codebook_temperature,
          "lisa: temperature of the softmax that stands in for a code's gradient");
  visitor("histogram_decay",
          config.histogram_decay,
          "lisa: rate at which past events fade from the histogram, per event");
}

/// Throws UsageError naming the option, the value and what is allowed.
void check(const ModelConfig& config);

}  // namespace elastic
