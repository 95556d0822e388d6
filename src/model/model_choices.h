// The named choices among a model's options.
#pragma once

#include "base/choice.h"

namespace elastic {

enum class PositionEmbedding { kAuto, kRecent, kForward, kNone };
constexpr auto choices_of(PositionEmbedding) {
  using enum PositionEmbedding;
  return std::to_array<Choice<PositionEmbedding>>(
      {{kAuto, "auto", "recent for bidirectional models, forward for causal ones"},
       {kRecent, "recent", "counted back from the latest event"},
       {kForward, "forward"},
       {kNone, "none"}});
}

enum class LogitKind { kDot, kCosine };
constexpr auto choices_of(LogitKind) {
  using enum LogitKind;
  return std::to_array<Choice<LogitKind>>(
      {{kDot, "dot", "product of state and item embedding"},
       {kCosine, "cosine", "of normalised states and items, scaled by --logit-scale"}});
}

enum class BlockKind { kPlain, kGated };
constexpr auto choices_of(BlockKind) {
  using enum BlockKind;
  return std::to_array<Choice<BlockKind>>(
      {{kPlain, "plain", "x + f(x)"},
       {kGated, "gated", "x + sigmoid(W x + b) f(x): a learned gate a feature"}});
}

enum class FfnKind { kGelu, kSwiglu };
constexpr auto choices_of(FfnKind) {
  using enum FfnKind;
  return std::to_array<Choice<FfnKind>>(
      {{kGelu, "gelu"},
       {kSwiglu, "swiglu", "gated by SiLU, 2/3 of --ffn-dim wide, so with as many parameters"}});
}

enum class TimeFeatures { kNone, kPast, kAsked };
constexpr auto choices_of(TimeFeatures) {
  using enum TimeFeatures;
  return std::to_array<Choice<TimeFeatures>>(
      {{kNone, "none"},
       {kPast, "past", "times between past events"},
       {kAsked, "asked", "also the time from the latest event to the one to predict"}});
}

enum class ExpertChoice { kLearned, kRandom };
constexpr auto choices_of(ExpertChoice) {
  using enum ExpertChoice;
  return std::to_array<Choice<ExpertChoice>>(
      {{kLearned, "learned"},
       {kRandom, "random", "random experts of the pool, drawn per history; ablation"}});
}

enum class ExpertGate { kSoftmax, kValues, kNone };
constexpr auto choices_of(ExpertGate) {
  using enum ExpertGate;
  return std::to_array<Choice<ExpertGate>>(
      {{kSoftmax, "softmax", "softmax of the retrieval scores"},
       {kValues, "values", "the same, but of what the events read from the experts"},
       {kNone, "none", "unweighted, the query network learns nothing; ablation"}});
}

enum class ExpertStart { kCarried, kRetrieved };
constexpr auto choices_of(ExpertStart) {
  using enum ExpertStart;
  return std::to_array<Choice<ExpertStart>>(
      {{kCarried, "carried", "the updated experts of the previous layer"},
       {kRetrieved, "retrieved", "the same experts for all layers; ablation"}});
}

enum class QueryPooling { kHierarchical, kMean };
constexpr auto choices_of(QueryPooling) {
  using enum QueryPooling;
  return std::to_array<Choice<QueryPooling>>(
      {{kHierarchical, "hierarchical"}, {kMean, "mean", "mean of the history's events; ablation"}});
}

enum class QueryNorm { kLayer, kCentred };
constexpr auto choices_of(QueryNorm) {
  using enum QueryNorm;
  return std::to_array<Choice<QueryNorm>>(
      {{kLayer, "layer", "layer norm of each query, as in the paper"},
       {kCentred,
        "centred",
        "also subtracts the running mean of all queries, so that different users retrieve "
        "different "
        "experts"}});
}

enum class EventMemory { kNone, kPerToken };
constexpr auto choices_of(EventMemory) {
  using enum EventMemory;
  return std::to_array<Choice<EventMemory>>(
      {{kNone, "none"}, {kPerToken, "per-token", "every event retrieves its own experts"}});
}

enum class LisaVariant { kBase, kSoft, kMini };
constexpr auto choices_of(LisaVariant) {
  using enum LisaVariant;
  return std::to_array<Choice<LisaVariant>>(
      {{kBase, "base", "reads and scores quantised items"},
       {kSoft, "soft", "reads soft codes, scores the raw items"},
       {kMini, "mini", "base with separate codebooks for the scored items"}});
}

}  // namespace elastic
