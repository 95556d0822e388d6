// Which examples an epoch visits, in which order and in which batches: a function of the seed and
// the epoch, so that an interrupted run can go on at any batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "train/train_config.h"

namespace elastic::train {

/// Events [begin, end) of a user's training sequence are the inputs; the events after the latest
/// `num_targets` of them are the targets: one with supervision last, as many as inputs with
/// supervision all.
struct Example {
  std::int32_t user = 0;
  std::int32_t begin = 0;
  std::int32_t end = 0;
  std::int32_t num_targets = 1;
  [[nodiscard]] std::int32_t length() const { return end - begin; }
  bool operator==(const Example&) const = default;
};

struct ExampleOptions {
  Supervision supervision = Supervision::kLast;
  Cuts cuts;
  std::int64_t max_len = 200;
  std::int64_t window = 0;          ///< of supervision window
  std::int64_t window_targets = 0;  ///< of these the latest are targets; 0: all
  std::uint64_t seed = 0;
};

/// The examples of an epoch in their shuffled order; `lengths[u]` events has user u's training
/// sequence.
///
/// Supervision last: an example is the latest `max_len` events before a position p >= 1, and the
/// event at p. Cuts all: every p; latest: the last one; a number: as many drawn without replacement
/// per user and epoch, all where there are fewer.
/// Supervision all: an example is a window of at most `max_len` inputs. Cuts all: windows that tile
/// the sequence, so that every event but the first is a target once; a sequence that does not fit
/// in one window is cut at an offset drawn per user and epoch. Latest: the latest window; a number:
/// as many full windows drawn without replacement, all where there are fewer.
/// Supervision window: the same with at most `window_targets` targets; the inputs are the latest
/// `max_len` events up to the last one.
std::vector<Example> epoch_examples(std::span<const std::int64_t> lengths,
                                    const ExampleOptions& options,
                                    std::int64_t epoch);

/// Offsets of the batches in `examples`, starting at 0 and ending at its size. A batch holds
/// `batch_size` examples or, when `batch_tokens` > 0, as many as keep it within that many input
/// tokens, at least one.
std::vector<std::size_t> cut_batches(std::span<const Example> examples,
                                     std::int64_t batch_size,
                                     std::int64_t batch_tokens);

}  // namespace elastic::train
