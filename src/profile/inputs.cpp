#include "profile/inputs.h"

#include <algorithm>

#include "base/random.h"
#include "data/batch.h"

namespace elastic::profile {
namespace {

// Draws items with frequencies that fall as 1 / rank, as in real catalogues.
class ZipfItems {
 public:
  ZipfItems(std::int64_t items, std::uint64_t seed)
      : stream_(seed, RandomPurpose::kShuffle, 0), cumulative_(static_cast<std::size_t>(items)) {
    double sum = 0.0;
    for (std::size_t i = 0; i < cumulative_.size(); ++i) {
      sum += 1.0 / static_cast<double>(i + 1);
      cumulative_[i] = sum;
    }
  }
  std::int32_t next() {
    const double at = stream_.uniform() * cumulative_.back();
    const auto found = std::lower_bound(cumulative_.begin(), cumulative_.end(), at);
    return static_cast<std::int32_t>(found - cumulative_.begin()) + 1;
  }
  RandomStream& stream() { return stream_; }

 private:
  RandomStream stream_;
  std::vector<double> cumulative_;
};

// Adds the latest max_len events; if the model reads times, an hour apart.
void add_history(std::span<const std::int32_t> history,
                 const ModelConfig& config,
                 data::BatchBuilder& builder) {
  constexpr std::int64_t kHour = 3600;
  std::vector<std::int64_t> times;
  for (std::size_t i = 0; reads_times(config) && i < history.size(); ++i) {
    times.push_back(kHour * static_cast<std::int64_t>(i));
  }
  builder.add(
      history, config.max_len, {times, {}, kHour * static_cast<std::int64_t>(history.size())});
}

// Tokens whose states predict a target.
std::int64_t count_supervised(const Segments& segments,
                              train::Supervision supervision,
                              std::int64_t window) {
  switch (supervision) {
    case train::Supervision::kLast:
      return segments.size();
    case train::Supervision::kAll:
      return segments.num_tokens();
    case train::Supervision::kWindow:
      break;
  }
  std::int64_t count = 0;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    count += std::min<std::int64_t>(window, segments.length(b));
  }
  return count;
}

}  // namespace

train::TrainBatch make_inputs(const Workload& workload, train::Supervision supervision) {
  const std::int64_t length = workload.model.max_len;
  ZipfItems items(workload.model.num_items, workload.seed);
  data::BatchBuilder builder;
  for (std::int64_t b = 0; b < workload.batch; ++b) {
    if (workload.histories.empty()) {
      std::vector<std::int32_t> history(static_cast<std::size_t>(length));
      std::generate(history.begin(), history.end(), [&] { return items.next(); });
      add_history(history, workload.model, builder);
    } else {
      const auto drawn = items.stream().below(workload.histories.size());
      add_history(workload.histories[drawn], workload.model, builder);
    }
  }
  const data::Batch batch = builder.build(workload.device);
  const std::int64_t supervised =
      count_supervised(batch.segments, supervision, workload.model.window);
  std::vector<std::int32_t> targets(static_cast<std::size_t>(supervised));
  std::generate(targets.begin(), targets.end(), [&] { return items.next(); });
  return {batch, Tensor::from(targets, {supervised}, workload.device), Tensor()};
}

}  // namespace elastic::profile
