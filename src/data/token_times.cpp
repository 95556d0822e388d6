#include "data/token_times.h"

#include <algorithm>
#include <array>
#include <bit>
#include <limits>

#include "base/error.h"
#include "tensor/backend.h"

namespace elastic::data {
namespace {

// The seconds from `earlier` to `later`, from 0 to 2^31 - 1. The difference may exceed 64 bits.
std::int32_t seconds_between(std::int64_t earlier, std::int64_t later) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int32_t>::max();
  if (later <= earlier) {
    return 0;
  }
  const std::uint64_t gap = static_cast<std::uint64_t>(later) - static_cast<std::uint64_t>(earlier);
  return static_cast<std::int32_t>(std::min(gap, kMost));
}

// The time modulo 2^31.
std::int32_t clock_of(std::int64_t time) {
  return static_cast<std::int32_t>(static_cast<std::uint64_t>(time) & 0x7FFFFFFFU);
}

Tensor upload_all(const std::vector<std::int32_t>& values, Device device) {
  return values.empty() ? Tensor()
                        : Tensor::from(values, {static_cast<std::int64_t>(values.size())}, device);
}

}  // namespace

std::int32_t time_bucket(std::int64_t seconds) {
  const auto count = static_cast<std::uint64_t>(std::max<std::int64_t>(0, seconds)) + 1;
  return std::min<std::int32_t>(static_cast<std::int32_t>(std::bit_width(count)) - 1,
                                kTimeBuckets - 1);
}

void TokenTimes::add(const HistoryTimes& times, std::size_t length) {
  ELASTIC_CHECK(length >= 1 && length <= times.events.size(), "expected a time for each event");
  const std::size_t begin = times.events.size() - length;
  const std::int64_t first = times.events[begin];
  for (std::size_t i = begin; i < times.events.size(); ++i) {
    const std::int64_t time = times.events[i];
    const std::optional<std::int64_t> before = i > 0 ? times.events[i - 1] : times.before;
    const std::int32_t gap = before ? seconds_between(*before, time) : 0;
    gaps_.push_back(before ? time_bucket(gap) : kNoGap);
    gap_seconds_.push_back(gap);
    clock_.push_back(clock_of(time));
    seconds_.push_back(seconds_between(first, time));
    if (times.asked) {
      const bool is_last = i + 1 == times.events.size();
      const std::int64_t next = is_last ? *times.asked : times.events[i + 1];
      next_gaps_.push_back(time_bucket(seconds_between(time, next)));
      next_seconds_.push_back(seconds_between(first, next));
    }
  }
  ELASTIC_CHECK(next_gaps_.empty() || next_gaps_.size() == gaps_.size(),
                "the asked event has a time in some histories only");
}

void TokenTimes::pad(std::int64_t count) {
  const auto size = static_cast<std::size_t>(count);
  if (!next_gaps_.empty()) {
    next_gaps_.resize(size, 0);
    next_seconds_.resize(size, 0);
  }
  gaps_.resize(size, kNoGap);
  seconds_.resize(size, 0);
  gap_seconds_.resize(size, 0);
  clock_.resize(size, 0);
}

TimeTensors TokenTimes::upload(Device device) const {
  return {upload_all(gaps_, device),
          upload_all(next_gaps_, device),
          upload_all(seconds_, device),
          upload_all(next_seconds_, device),
          upload_all(gap_seconds_, device),
          upload_all(clock_, device)};
}

void TokenTimes::copy_to(TimeTensors& tensors) const {
  const std::array<std::pair<const std::vector<std::int32_t>*, Tensor*>, 6> all{
      {{&gaps_, &tensors.gaps},
       {&next_gaps_, &tensors.next_gaps},
       {&seconds_, &tensors.seconds},
       {&next_seconds_, &tensors.next_seconds},
       {&gap_seconds_, &tensors.gap_seconds},
       {&clock_, &tensors.clock}}};
  for (const auto& [values, tensor] : all) {
    if (!values->empty()) {
      backend_for(tensor->device()).copy_from_host(values->data(), *tensor);
    }
  }
}

}  // namespace elastic::data
