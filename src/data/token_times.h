// The times of a batch's tokens: gaps between events in buckets, and seconds.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace elastic::data {

/// The buckets of a gap of s seconds are floor(log2(s + 1)), at most 31: the same second, 1 to 2, 3
/// to 6, 7 to 14, ... A negative gap counts as none.
inline constexpr std::int32_t kTimeBuckets = 32;
/// The "bucket" of a history's first event, which has no event before it.
inline constexpr std::int32_t kNoGap = kTimeBuckets;
std::int32_t time_bucket(std::int64_t seconds);

/// The times of a history in whole seconds, oldest first.
struct HistoryTimes {
  std::span<const std::int64_t> events;  ///< one for each event of the history
  std::optional<std::int64_t> before{};  ///< the event before the history, if there is one
  std::optional<std::int64_t> asked{};   ///< the event to predict, if its time is known
};

/// The times of T tokens on a device, each [T] int32. Undefined tensors: not known.
struct TimeTensors {
  Tensor gaps;       ///< bucket of the time since the event before, or kNoGap
  Tensor next_gaps;  ///< bucket of the time until the next event; the last token's: the asked one
  Tensor seconds;    ///< since the sequence's first token, at most 2^31 - 1
  Tensor next_seconds;  ///< the next event's; the last token's: the asked one's
  Tensor gap_seconds;   ///< since the event before, at most 2^31 - 1; 0 if there is none
  Tensor clock;         ///< the event's time modulo 2^31 seconds, in 0..2^31-1
};

/// The same on the host, for the sequences of a batch in their order. All of them have times, or
/// none; the time of the asked event is known for all, or for none.
class TokenTimes {
 public:
  /// Adds the latest `length` tokens of a history.
  void add(const HistoryTimes& times, std::size_t length);
  /// Adds tokens of no time, as dummy sequences have, until there are `count`.
  void pad(std::int64_t count);

  [[nodiscard]] bool empty() const { return gaps_.empty(); }
  /// Undefined tensors if nothing was added.
  [[nodiscard]] TimeTensors upload(Device device) const;
  /// Copies to tensors of these sizes, which `upload` made.
  void copy_to(TimeTensors& tensors) const;

 private:
  std::vector<std::int32_t> gaps_;
  std::vector<std::int32_t> next_gaps_;
  std::vector<std::int32_t> seconds_;
  std::vector<std::int32_t> next_seconds_;
  std::vector<std::int32_t> gap_seconds_;
  std::vector<std::int32_t> clock_;
};

}  // namespace elastic::data
