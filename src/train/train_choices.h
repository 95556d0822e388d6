// The named choices among the options of training.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/choice.h"

namespace elastic::train {

enum class OptimizerRule { kAdam, kAdamW };
constexpr auto choices_of(OptimizerRule) {
  using enum OptimizerRule;
  return std::to_array<Choice<OptimizerRule>>(
      {{kAdam, "adam"}, {kAdamW, "adamw", "with weight_decay"}});
}

enum class Schedule { kConstant, kCosine };
constexpr auto choices_of(Schedule) {
  using enum Schedule;
  return std::to_array<Choice<Schedule>>(
      {{kConstant, "constant"}, {kCosine, "cosine", "falls to 0 over all epochs"}});
}

/// The largest catalogue for which the loss `auto` compares a target with all items.
inline constexpr std::int64_t kMaxSoftmaxItems = 16384;

enum class LossKind { kSoftmax, kSampledSoftmax, kBce, kGbce, kAuto };
constexpr auto choices_of(LossKind) {
  using enum LossKind;
  return std::to_array<Choice<LossKind>>(
      {{kAuto, "auto", "softmax for at most 16,384 items, otherwise sampled-softmax"},
       {kSoftmax, "softmax", "cross-entropy over all items"},
       {kSampledSoftmax, "sampled-softmax", "cross-entropy over the target and drawn negatives"},
       {kBce, "bce", "binary cross-entropy with drawn negatives"},
       {kGbce, "gbce", "bce corrected for the overconfidence that drawn negatives cause"}});
}

/// Whether the loss of a target compares it with items that the user had before.
enum class TrainSeen { kAuto, kExclude, kKeep };
constexpr auto choices_of(TrainSeen) {
  using enum TrainSeen;
  return std::to_array<Choice<TrainSeen>>(
      {{kAuto,
        "auto",
        "exclude if rankings leave seen items out and no user repeats an item in training"},
       {kExclude, "exclude", "a target is compared with the items that were new to the user then"},
       {kKeep,
        "keep",
        "with all items or, if negatives are drawn, those that the user never has in training"}});
}

enum class NegativeSampling { kUniform, kPopularity };
constexpr auto choices_of(NegativeSampling) {
  using enum NegativeSampling;
  return std::to_array<Choice<NegativeSampling>>(
      {{kUniform, "uniform"},
       {kPopularity, "popularity", "in proportion to their training events"}});
}

enum class ItemUpdates { kAuto, kRows, kAll };
constexpr auto choices_of(ItemUpdates) {
  using enum ItemUpdates;
  return std::to_array<Choice<ItemUpdates>>(
      {{kAuto, "auto", "rows if the loss and the model allow it"},
       {kRows, "rows", "with drawn negatives: only the items of the step"},
       {kAll, "all"}});
}

/// `supervision` as the user writes it; Supervision is the choice resolved for a model.
enum class SupervisionChoice { kAuto, kLast, kWindow, kAll };
constexpr auto choices_of(SupervisionChoice) {
  using enum SupervisionChoice;
  return std::to_array<Choice<SupervisionChoice>>(
      {{kAuto, "auto", "all, window or last: the first of these that the model allows"},
       {kLast, "last"},
       {kWindow, "window", "the latest --window positions; elastic-window only"},
       {kAll, "all", "causal models only"}});
}

/// The training examples of each user in an epoch.
struct Cuts {
  enum class Kind { kAuto, kAll, kLatest, kRandom };
  Kind kind = Kind::kAuto;  ///< kAuto is kAll
  std::int64_t count = 0;   ///< of kRandom

  bool operator==(const Cuts&) const = default;

  /// As the user writes it: a name, or the count. Throws UsageError naming `source` unless the text
  /// is auto, all, latest or a number from 1 to 2^31.
  static Cuts parse(const std::string& text, const std::string& source);
  [[nodiscard]] std::string text() const;
  static std::vector<ChoiceName> names();
  static std::string other() { return "a number of these, drawn at random"; }
};
constexpr auto choices_of(Cuts::Kind) {
  using enum Cuts::Kind;
  return std::to_array<Choice<Cuts::Kind>>(
      {{kAuto, "auto", "all"},
       {kAll, "all", "every prefix; with supervision all: windows that cover every event once"},
       {kLatest, "latest", "only the latest"}});
}

}  // namespace elastic::train
