#include "train/recorded_steps.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "autograd/ops/rows.h"
#include "base/error.h"
#include "train/training_step.h"

namespace elastic::train {
namespace {

// While it lives, allocations come from the recording pool.
class RecordingPool {
 public:
  explicit RecordingPool(CachingAllocator& allocator) : allocator_(allocator) {
    allocator_.use_recording_pool(true);
  }
  ~RecordingPool() { allocator_.use_recording_pool(false); }
  RecordingPool(const RecordingPool&) = delete;
  RecordingPool& operator=(const RecordingPool&) = delete;

 private:
  CachingAllocator& allocator_;
};

// Pads `batch` with dummy sequences of item 0 to the number of tokens of its bucket, at most about
// an eighth more, or 256 tokens. The number of dummy sequences depends on the bucket alone, and
// none is longer than `max_len`, which must be at least 2.
void pad_to_bucket(HostBatch& batch, std::int64_t max_len) {
  constexpr std::int64_t kLeastStep = 256;
  const std::int64_t tokens = batch.num_tokens();
  const auto power = static_cast<std::int64_t>(std::bit_floor(static_cast<std::uint64_t>(tokens)));
  const std::int64_t step = std::max(kLeastStep, power / 8);
  // Enough sequences of max_len tokens for one token each and the rest of a step.
  const std::int64_t sequences = (step + max_len - 2) / (max_len - 1) + 1;
  const std::int64_t bucket = (tokens + sequences + step - 1) / step * step;
  batch.ids.resize(static_cast<std::size_t>(bucket), 0);
  if (!batch.times.empty()) {
    batch.times.pad(bucket);
  }
  for (std::int64_t i = 1; i <= sequences; ++i) {
    batch.offsets.push_back(static_cast<std::int32_t>(tokens + (bucket - tokens) * i / sequences));
  }
}

}  // namespace

RecordedSteps::RecordedSteps(Model& model, Optimizer& optimizer, Tensor past_items)
    : model_(model),
      optimizer_(optimizer),
      past_items_(std::move(past_items)),
      device_(model.item_table().value().device()) {}

Tensor RecordedSteps::step_in(Bucket& bucket, const ForwardMode& mode, double learning_rate) {
  const data::Batch batch{
      Segments::planned(
          bucket.offsets, bucket.ids.numel(), static_cast<std::int32_t>(model_.config().max_len)),
      bucket.ids,
      bucket.times};
  Pass pass = model_.encode_last(batch, mode);
  pass.states = ops::first_rows(pass.states, bucket.targets.numel());
  const Variable loss = catalogue_loss(std::move(pass), bucket.targets, bucket.past);
  backward(loss);
  optimizer_.step(loss.value(), learning_rate);
  copy(loss.value(), bucket.loss);
  return bucket.loss;
}

RecordedSteps::Bucket& RecordedSteps::bucket_of(const HostBatch& batch, std::int64_t num_targets) {
  Bucket& bucket = buckets_[{num_targets, batch.num_tokens()}];
  if (!bucket.ids.defined()) {
    bucket.ids = Tensor({batch.num_tokens()}, DType::kInt32, device_);
    bucket.offsets = Tensor({batch.size() + 1}, DType::kInt32, device_);
    bucket.times = batch.times.upload(device_);
    bucket.targets = Tensor({num_targets}, DType::kInt32, device_);
    if (!batch.past.counts.empty()) {
      bucket.past = {past_items_,
                     Tensor({num_targets}, DType::kInt32, device_),
                     Tensor({num_targets}, DType::kInt32, device_),
                     batch.past.total()};
    }
    bucket.loss = Tensor({}, model_.item_table().value().dtype(), device_);
  }
  ELASTIC_CHECK(bucket.offsets.numel() == batch.size() + 1,
                "batches of one bucket differ in their number of dummy sequences");
  return bucket;
}

Tensor RecordedSteps::run(const HostBatch& input, const ForwardMode& mode, double learning_rate) {
  if (model_.config().max_len < 2) {  // too short for dummy sequences
    return training_step(model_,
                         optimizer_,
                         upload(input, device_, past_items_),
                         Supervision::kLast,
                         mode,
                         learning_rate);
  }
  HostBatch batch = input;
  pad_to_bucket(batch, model_.config().max_len);
  Bucket& bucket = bucket_of(batch, input.size());
  Backend& backend = backend_for(device_);
  backend.copy_from_host(batch.ids.data(), bucket.ids);
  backend.copy_from_host(batch.offsets.data(), bucket.offsets);
  batch.times.copy_to(bucket.times);
  backend.copy_from_host(batch.targets.data(), bucket.targets);
  if (bucket.past.defined()) {
    backend.copy_from_host(batch.past.begins.data(), bucket.past.begins);
    backend.copy_from_host(batch.past.counts.data(), bucket.past.counts);
  }
  if (bucket.work != nullptr) {
    bucket.work->run(mode.step - bucket.recorded_at, optimizer_.next_step(learning_rate));
    return bucket.loss;
  }
  const RecordingPool pool(backend.allocator());
  if (!bucket.warm) {
    bucket.warm = true;
    return step_in(bucket, mode, learning_rate);
  }
  bucket.recorded_at = mode.step;
  bucket.work = backend.record([&] { step_in(bucket, mode, learning_rate); });
  if (bucket.work == nullptr) {  // the device cannot record
    return step_in(bucket, mode, learning_rate);
  }
  bucket.work->run(0, optimizer_.options());
  return bucket.loss;
}

std::int64_t RecordedSteps::num_recorded() const {
  return std::count_if(buckets_.begin(), buckets_.end(), [](const auto& entry) {
    return entry.second.work != nullptr;
  });
}

}  // namespace elastic::train
