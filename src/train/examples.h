// The examples of an epoch, their order and their batches: a function of the seed and the epoch, so
// that a run can be resumed at any batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/train_config.h"

namespace elastic::train {

/// The inputs are the events [begin, end) of a user's training sequence. Each of the latest
/// `num_targets` inputs has the event after it as its target: one with supervision last, all with
/// supervision all.
struct Example {
  std::int32_t user = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t num_targets = 1;
  [[nodiscard]] std::int32_t length() const { return end - begin; }
  /// The place of the first target in the user's training sequence; the others follow it.
  [[nodiscard]] std::int32_t first_target() const { return end + 1 - num_targets; }
  bool operator==(const Example&) const = default;
};

/// The users of a part of a training: those with number % count == index.
struct Shard {
  std::int64_t index = 0;
  std::int64_t count = 1;
};

struct ExampleOptions {
  Supervision supervision = Supervision::kLast;
  Cuts cuts;
  std::int64_t max_len = 200;
  std::int64_t window = 0;          ///< with supervision window: latest inputs that have targets
  std::int64_t window_targets = 0;  ///< with supervision window: of these only the latest; 0: all
  std::uint64_t seed = 0;
  TimeFeatures times = TimeFeatures::kNone;  ///< that a batch carries
};

/// The examples of an epoch for the users of a shard, in an order shuffled by the seed, the epoch
/// and the shard; `lengths[u]` is the number of events in user u's training sequence.
///
/// Supervision last: an example has the latest `max_len` events before a position p >= 1 as inputs
/// and the event at p as target. Cuts all: every p; latest: the last p; a number: that many p per
/// user and epoch, drawn without replacement, or all if there are fewer.
///
/// Supervision all: an example is a window of at most `max_len` inputs. Cuts all: windows that tile
/// the sequence, so that each event but the first is a target once; a sequence longer than a window
/// is cut at an offset drawn per user and epoch. Latest: the latest window; a number: that many
/// full windows per user and epoch, drawn without replacement, or all if there are fewer.
///
/// Supervision window: as supervision all, with at most `window_targets` targets per window; the
/// inputs are the latest `max_len` events up to the last one with a target.
std::vector<Example> epoch_examples(std::span<const std::int64_t> lengths,
                                    const ExampleOptions& options,
                                    std::int64_t epoch,
                                    const Shard& shard = {});

/// Offsets of the batches in `examples`, from 0 to its size. A batch has `batch_size` examples or,
/// if `batch_tokens` > 0, as many as fit in that many input tokens, and at least one.
std::vector<std::size_t> cut_batches(std::span<const Example> examples,
                                     std::int64_t batch_size,
                                     std::int64_t batch_tokens);

}  // namespace elastic::train
