// The hyper-parameters of a model, each declared once with its name, meaning and default.
#pragma once

#include <algorithm>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <type_traits>
#include <vector>

#include "base/option_range.h"
#include "model/model_choices.h"

namespace elastic {

/// Retrieval of experts from the pool, and their use.
struct RetrievalOptions {
  std::int64_t pool_subkeys = 16;
  std::int64_t heads = 1;
  std::int64_t key_dim = 64;
  std::int64_t query_stride = 4;
  std::int64_t query_attention_len = 256;
  ExpertChoice experts = ExpertChoice::kLearned;
  ExpertGate gate = ExpertGate::kSoftmax;
  ExpertStart start = ExpertStart::kCarried;
  QueryPooling query_network = QueryPooling::kHierarchical;
  QueryNorm query_norm = QueryNorm::kLayer;
  double balance = 0.0;
  EventMemory memory = EventMemory::kNone;

  bool operator==(const RetrievalOptions&) const = default;
};

/// The quantised items of the model lisa, and its histogram.
struct LisaOptions {
  LisaVariant variant = LisaVariant::kBase;
  std::int64_t num_codebooks = 8;
  std::int64_t codebook_size = 128;
  std::int64_t target_codebooks = 8;
  std::int64_t target_codebook_size = 128;
  double codebook_temperature = 1.0;
  double histogram_decay = 0.1;

  bool operator==(const LisaOptions&) const = default;
};

/// The scores of items.
struct LogitOptions {
  LogitKind kind = LogitKind::kDot;
  double scale = 20.0;  ///< kCosine: at the start of training

  bool operator==(const LogitOptions&) const = default;
};

/// The form of the trunk's sublayers.
struct BlockOptions {
  BlockKind kind = BlockKind::kPlain;
  FfnKind ffn = FfnKind::kGelu;

  bool operator==(const BlockOptions&) const = default;
};

/// Letters as in docs/models.md; names of the options below.
struct ModelConfig {
  std::string model = "elastic";
  std::int64_t dim = 64;
  std::int64_t num_heads = 2;
  std::int64_t num_layers = 2;
  std::int64_t ffn_dim = 256;
  std::int64_t max_len = 200;
  double dropout = 0.1;
  PositionEmbedding position = PositionEmbedding::kAuto;
  LogitOptions logits{};
  BlockOptions block{};
  TimeFeatures time_features = TimeFeatures::kNone;
  std::int64_t time_periods = 8;
  std::int64_t num_experts = 8;
  RetrievalOptions retrieval{};
  std::int64_t memory_len = 0;
  std::int64_t window = 32;
  double gate_temperature = 8.0;
  std::int64_t num_clusters = 0;
  LisaOptions lisa{};
  std::int64_t num_items = 0;          ///< V, from the data; not an option
  std::int64_t num_item_features = 0;  ///< J, from the item vectors; 0: none; not an option

  /// The most events of a history that the model reads, the latest ones.
  [[nodiscard]] std::int64_t history_len() const { return std::max(max_len, memory_len); }
  /// elastic-window: the most events in its window.
  [[nodiscard]] std::int64_t window_len() const { return std::min(window, max_len); }
  bool operator==(const ModelConfig&) const = default;
};

/// The models that read an option.
using ModelList = std::vector<std::string>;
inline ModelList only(std::initializer_list<const char*> models) {
  return {models.begin(), models.end()};
}

/// The longest history: N of --max-len, and --length of `profile`.
inline constexpr std::int64_t kMaxLength = std::int64_t{1} << 24;
/// The most items: their ids are int32, with 0 for no item.
inline constexpr Range kItemCounts{1, (std::int64_t{1} << 31) - 2};
/// Widths of vectors: D, keys, and the numbers of experts, clusters and words.
inline constexpr Range kWidths{1, std::int64_t{1} << 16};

namespace options {

template <class Config, class Visitor>
void visit_common(Config& config, Visitor&& visitor) {
  visitor("model", config.model, "the model; see docs/models.md");
  visitor("dim", config.dim, "hidden size D", kWidths);
  visitor("num_heads", config.num_heads, "attention heads H; D is divisible by H", Range{1, 1024});
  visitor("num_layers", config.num_layers, "layers L", Range{1, 1024});
  const ModelList with_ffn = only({"efficient",
                                   "elastic",
                                   "elastic-causal",
                                   "elastic-window",
                                   "fuxi-linear",
                                   "gru",
                                   "gsa",
                                   "lda",
                                   "lightsans",
                                   "linformer",
                                   "linrec",
                                   "lisa",
                                   "routing",
                                   "routing-bidirectional",
                                   "softmax",
                                   "softmax-tiled"});
  visitor("ffn_dim",
          config.ffn_dim,
          "hidden size F of the feed-forward network",
          Range{1, std::int64_t{1} << 20},
          with_ffn);
  visitor("max_len",
          config.max_len,
          "history length N: the model reads the latest N events",
          Range{1, kMaxLength});
  visitor("dropout",
          config.dropout,
          "dropout rate in [0, 1)",
          RealRange{.low = 0.0, .high = 1.0, .open_high = true});
  visitor("position", config.position, "position embedding");
  visitor("logits", config.logits.kind, "scores of items");
  visitor("logit_scale",
          config.logits.scale,
          "logits cosine: their scale at the start of training, learned from there",
          kPositive);
  visitor("block", config.block.kind, "residual connections of a layer");
  ModelList with_ffn_choice = with_ffn;
  std::erase(with_ffn_choice, "fuxi-linear");
  visitor("ffn", config.block.ffn, "feed-forward network", with_ffn_choice);
  visitor("time_features", config.time_features, "times that the model reads, from the log");
  visitor("time_periods",
          config.time_periods,
          "fuxi-linear: periods C of times, from 17 minutes to 68 years; D is divisible by 2 C",
          Range{1, 22},
          only({"fuxi-linear"}));
  visitor(
      "num_experts",
      config.num_experts,
      "number of interest experts k (dispatchers)",
      kWidths,
      only(
          {"elastic", "elastic-causal", "elastic-window", "gsa", "lda", "lightsans", "linformer"}));
}

template <class Retrieval, class Visitor>
void visit_retrieval(Retrieval& options, Visitor&& visitor) {
  const ModelList product_keys = only({"elastic", "elastic-causal", "elastic-window"});
  const ModelList retrieving = only({"elastic", "elastic-window"});
  visitor("pool_subkeys",
          options.pool_subkeys,
          "sub-keys S per half; the pool holds S*S experts",
          Range{1, 4096},
          product_keys);
  visitor("retrieval_heads",
          options.heads,
          "retrieval heads M; k is divisible by M",
          kWidths,
          product_keys);
  visitor("key_dim",
          options.key_dim,
          "size Dk of a retrieval query, even",
          Range{2, kWidths.high},
          product_keys);
  visitor("query_stride",
          options.query_stride,
          "tokens pooled into one per level of the query network, r >= 2",
          Range{2, kWidths.high},
          retrieving);
  visitor("query_attention_len",
          options.query_attention_len,
          "query-network levels up to this length use self-attention",
          Range{0, kMaxLength},
          retrieving);
  visitor("retrieval", options.experts, "choice of a history's experts", retrieving);
  visitor("expert_gate", options.gate, "weights of the retrieved experts", retrieving);
  visitor("expert_start",
          options.start,
          "experts of a layer",
          only({"elastic", "elastic-window", "lda"}));
  visitor("query_network", options.query_network, "pooling of a history into a query", retrieving);
  visitor("query_norm", options.query_norm, "norm of the queries", retrieving);
  visitor("expert_balance",
          options.balance,
          "step per batch of the biases that spread the choice of experts over the pool; 0: none",
          RealRange{.low = 0.0, .high = 1.0},
          retrieving);
  visitor("memory",
          options.memory,
          "experts of an event, elastic-causal only",
          only({"elastic-causal"}));
}

template <class Lisa, class Visitor>
void visit_lisa(Lisa& options, Visitor&& visitor) {
  const ModelList lisa = only({"lisa"});
  visitor("lisa_variant", options.variant, "variant of lisa", lisa);
  visitor("num_codebooks",
          options.num_codebooks,
          "lisa: number of residual codebooks C",
          Range{1, 1024},
          lisa);
  visitor("codebook_size", options.codebook_size, "lisa: words per codebook, W", kWidths, lisa);
  visitor("target_codebooks",
          options.target_codebooks,
          "lisa mini: number of codebooks of the scored items",
          Range{1, 1024},
          lisa);
  visitor("target_codebook_size",
          options.target_codebook_size,
          "lisa mini: words per codebook of the scored items",
          kWidths,
          lisa);
  visitor("codebook_temperature",
          options.codebook_temperature,
          "lisa: temperature of the softmax whose gradient the codes use",
          kPositive,
          lisa);
  visitor("histogram_decay",
          options.histogram_decay,
          "lisa: decay rate of past events in the histogram, per event",
          RealRange{},
          lisa);
}

}  // namespace options

/// Calls visitor(name, field, help, facts...) for every option of the config, in the order of the
/// help. The facts are the Range or RealRange of a number, and the ModelList of an option that only
/// some models read. The help names the setting; the named choices are in its table. `Config` is
/// ModelConfig or const ModelConfig.
template <class Config, class Visitor>
void visit_options(Config& config, Visitor&& visitor) requires
    std::is_same_v<std::remove_const_t<Config>, ModelConfig> {
  options::visit_common(config, visitor);
  options::visit_retrieval(config.retrieval, visitor);
  visitor("memory_len",
          config.memory_len,
          "elastic-window: events that retrieval and experts read, if more than --max-len",
          Range{0, kMaxLength},
          only({"elastic-window"}));
  visitor("window",
          config.window,
          "elastic-window: number w of latest events with exact attention and a target each",
          Range{1, kMaxLength},
          only({"elastic-window"}));
  visitor("gate_temperature",
          config.gate_temperature,
          "gsa: temperature of the forget gates",
          kPositive,
          only({"gsa"}));
  visitor("num_clusters",
          config.num_clusters,
          "routing: clusters per head; 0: the square root of max_len, rounded up",
          Range{0, kWidths.high},
          only({"routing", "routing-bidirectional"}));
  options::visit_lisa(config.lisa, visitor);
}

inline bool reads_times(const ModelConfig& config) {
  return config.time_features != TimeFeatures::kNone;
}

/// The models that read an option of ModelConfig; empty: all of them.
ModelList models_with_option(const std::string& option);

/// Throws UsageError naming the option, the value and the allowed range.
void check(const ModelConfig& config);

}  // namespace elastic
