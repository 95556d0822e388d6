#include "profile/profiler.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <functional>

#include "autograd/ops/linear_cross_entropy.h"
#include "autograd/ops/rows.h"
#include "base/error.h"
#include "base/random.h"
#include "train/optimizer.h"
#include "train/training_step.h"

namespace elastic::profile {
namespace {

// Item frequencies of synthetic histories fall as 1 / rank, as in real catalogues.
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

train::TrainBatch make_inputs(const Workload& workload, train::Supervision supervision) {
  const std::int64_t length = workload.model.max_len;
  ZipfItems items(workload.model.num_items, workload.seed);
  data::BatchBuilder builder;
  for (std::int64_t b = 0; b < workload.batch; ++b) {
    if (workload.histories.empty()) {
      std::vector<std::int32_t> history(static_cast<std::size_t>(length));
      std::generate(history.begin(), history.end(), [&] { return items.next(); });
      builder.add(history, length);
    } else {
      builder.add(workload.histories[items.stream().below(workload.histories.size())], length);
    }
  }
  const data::Batch batch = builder.build(workload.device);
  const std::int64_t supervised =
      count_supervised(batch.segments, supervision, workload.model.window);
  std::vector<std::int32_t> targets(static_cast<std::size_t>(supervised));
  std::generate(targets.begin(), targets.end(), [&] { return items.next(); });
  return {batch, Tensor::from(targets, {supervised}, workload.device), Tensor()};
}

// One repetition of the workload, as a function to call.
class Repetition {
 public:
  explicit Repetition(const Workload& workload)
      : workload_(workload),
        model_(make_model(workload.model, workload.seed, DType::kFloat32, workload.device)),
        supervision_(supervision_of(workload, *model_)),
        inputs_(make_inputs(workload, supervision_)) {
    if (workload.phase == Phase::kTrain) {
      optimizer_ = std::make_unique<train::Optimizer>(model_->parameters(), train_config_);
    }
    // As evaluation and serving do it.
    model_->set_weights_fixed(workload.phase != Phase::kTrain);
    if (workload.phase == Phase::kRank) {
      const NoGrad no_grad;
      hidden_ = last_states({}).value();
      scored_items_ = model_->take_scored_items().value();
    }
  }

  [[nodiscard]] std::int64_t num_tokens() const { return inputs_.batch.num_tokens(); }

  void run() {
    switch (workload_.phase) {
      case Phase::kEncode: {
        const NoGrad no_grad;
        model_->encode(inputs_.batch, {});
        break;
      }
      case Phase::kServe: {
        const NoGrad no_grad;
        last_states({});
        break;
      }
      case Phase::kTrain:
        train_step();
        break;
      case Phase::kRank:
        rank();
        break;
    }
  }

 private:
  static train::Supervision supervision_of(const Workload& workload, const Model& model) {
    if (workload.phase != Phase::kTrain) {
      return train::Supervision::kLast;
    }
    train::TargetOptions options;
    options.supervision = workload.supervision;
    return train::supervision_for(options, model);
  }

  Variable last_states(const ForwardMode& mode) {
    return workload_.shortcut ? model_->encode_last(inputs_.batch, mode)
                              : ops::gather_rows(model_->encode(inputs_.batch, mode),
                                                 inputs_.batch.segments.last_tokens());
  }

  void train_step() {
    const ForwardMode mode{/*training=*/true, workload_.seed, ++step_};
    const Variable hidden = supervision_ == train::Supervision::kLast
                                ? last_states(mode)
                                : train::supervised_states(*model_, inputs_, supervision_, mode);
    const Variable loss =
        ops::linear_cross_entropy(hidden, model_->take_scored_items(), inputs_.targets);
    backward(loss);
    optimizer_->step(loss.value(), train_config_.optimizer.learning_rate);
  }

  void rank() {
    Tensor ranks({workload_.batch}, DType::kInt32, workload_.device);
    const Segments none(std::vector<std::int32_t>(static_cast<std::size_t>(workload_.batch) + 1, 0),
                        workload_.device);
    backend_for(workload_.device)
        .rank_targets(hidden_, scored_items_, inputs_.targets, none, Tensor(), ranks);
  }

  const Workload& workload_;
  std::unique_ptr<Model> model_;
  train::Supervision supervision_;
  train::TrainBatch inputs_;
  train::TrainConfig train_config_;
  std::unique_ptr<train::Optimizer> optimizer_;
  Tensor hidden_;
  Tensor scored_items_;
  std::uint32_t step_ = 0;
};

// Makes the kernel forget the largest resident set so far; where it cannot, the figure is the
// largest since the process began.
void reset_peak_resident() {
  std::ofstream("/proc/self/clear_refs") << "5";
}

double peak_resident_bytes() {
  std::ifstream file("/proc/self/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) {
      return std::stod(line.substr(6)) * 1024.0;
    }
  }
  return 0.0;
}

double percentile(std::vector<double> values, double share) {
  std::sort(values.begin(), values.end());
  const double at = share * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const auto above = std::min(below + 1, values.size() - 1);
  return values[below] + (at - static_cast<double>(below)) * (values[above] - values[below]);
}

void fill_memory(Row& row, const MemoryReport& report) {
  const auto at_peak = [&](Memory kind) {
    return static_cast<double>(report.at_peak[static_cast<std::size_t>(kind)]);
  };
  row.peak_bytes = static_cast<double>(report.total_peak);
  row.activation_bytes = at_peak(Memory::kActivation);
  row.workspace_bytes = at_peak(Memory::kWorkspace);
  row.gradient_bytes = at_peak(Memory::kGradient);
  row.parameter_bytes = at_peak(Memory::kParameter);
  row.optimizer_bytes = at_peak(Memory::kOptimizer);
}

void measure_into(Row& row, const MachineRates& machine, bool with_calls) {
  const Workload& workload = row.workload;
  Backend& backend = backend_for(workload.device);
  CachingAllocator& allocator = backend.allocator();
  allocator.release_cache();
  reset_peak_resident();
  Repetition repetition(workload);
  row.tokens = repetition.num_tokens();
  for (int i = 0; i < workload.warmup; ++i) {
    repetition.run();
  }
  allocator.reset_peak();
  std::vector<double> seconds;
  for (int i = 0; i < workload.repetitions; ++i) {
    backend.synchronize();
    const auto begin = std::chrono::steady_clock::now();
    repetition.run();
    backend.synchronize();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    seconds.push_back(elapsed.count());
  }
  fill_memory(row, allocator.report());
  row.rss_bytes = peak_resident_bytes();
  {
    const KernelBook book(workload.device, with_calls);
    repetition.run();
    row.kernels = book.uses();
    row.calls = book.calls();
    row.flops = book.total().flops;
    row.bandwidth_share = book.total().bytes;
  }
  const double median = percentile(seconds, 0.5);
  row.ms_median = 1e3 * median;
  row.ms_min = 1e3 * percentile(seconds, 0.0);
  row.ms_p95 = 1e3 * percentile(seconds, 0.95);
  row.tokens_per_s = static_cast<double>(row.tokens) / median;
  row.sequences_per_s = static_cast<double>(workload.batch) / median;
  row.gemm_share = row.flops / median / (machine.sgemm_gflops * 1e9);
  row.bandwidth_share = row.bandwidth_share / median / (machine.triad_gbps * 1e9);
}

}  // namespace

const char* name_of(RowStatus status) {
  switch (status) {
    case RowStatus::kOk:
      return "ok";
    case RowStatus::kOutOfMemory:
      return "oom";
    case RowStatus::kFailed:
      return "failed";
  }
  return "unknown";
}

double estimate_bytes(const Workload& workload) {
  const ModelConfig& c = workload.model;
  const bool train = workload.phase == Phase::kTrain;
  const double layers = static_cast<double>(c.num_layers);
  const double tokens = static_cast<double>(workload.batch * c.max_len);
  const double row_bytes = 4.0 * static_cast<double>(c.dim);
  // Rows of D floats per token: an attention layer holds its norm, query, key, value, result and
  // both residual streams; for backward it keeps them, and as many gradients live at a time as a
  // layer has.
  const double rows_per_token = train ? 8.0 * layers + 10.0 : 9.0;
  // A stored map: kept by every layer for backward, in place, and one more for its gradient.
  const double maps = c.model == "softmax" ? (train ? layers + 1.0 : 1.0) : 0.0;
  const double map_bytes = 4.0 * tokens * static_cast<double>(c.num_heads * c.max_len);
  const double parameters =
      row_bytes * (static_cast<double>(c.num_items + c.max_len +
                                       c.retrieval.pool_subkeys * c.retrieval.pool_subkeys) +
                   layers * static_cast<double>(10 * c.dim + 2 * c.ffn_dim));
  const double base = 64e6;  // workspaces that do not grow with the batch
  return base + parameters * (train ? 5.0 : 1.0) + tokens * row_bytes * rows_per_token +
         maps * map_bytes;
}

Row measure(const Workload& workload, const MachineRates& machine, bool with_calls) {
  Row row;
  row.workload = workload;
  const double allowed = static_cast<double>(workload.max_memory_bytes > 0
                                                 ? workload.max_memory_bytes
                                                 : backend_for(workload.device).free_bytes());
  row.peak_bytes = estimate_bytes(workload);
  if (row.peak_bytes > allowed) {
    row.status = RowStatus::kOutOfMemory;
    row.tokens = workload.batch * workload.model.max_len;
    row.note = concat("estimated ",
                      std::llround(row.peak_bytes / 1048576.0),
                      " MiB, allowed ",
                      std::llround(allowed / 1048576.0));
    return row;
  }
  try {
    measure_into(row, machine, with_calls);
  } catch (const OutOfMemoryError& error) {
    row.status = RowStatus::kOutOfMemory;
    row.note = error.what();
  } catch (const UsageError&) {
    throw;  // the request itself is wrong
  } catch (const Error& error) {
    row.status = RowStatus::kFailed;
    row.note = error.what();
  }
  return row;
}

}  // namespace elastic::profile
