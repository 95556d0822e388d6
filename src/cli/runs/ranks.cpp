#include "cli/runs/ranks.h"

#include <fmt/format.h>

#include <bit>
#include <fstream>

#include "base/checksum.h"
#include "base/error.h"
#include "base/input_file.h"
#include "cli/output/build_info.h"
#include "cli/runs/run_data.h"
#include "data/json_document.h"
#include "dist/mpi_group.h"
#include "tensor/threads.h"

namespace elastic::cli {
namespace {

using nlohmann::ordered_json;

// The features of the CPU, by which libraries choose their code; "" where Linux does not list them.
std::string cpu_features() {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("flags") || line.starts_with("Features")) {
      return line;
    }
  }
  return "";
}

std::string hash_of(const std::string& bytes) {
  Checksum checksum;
  checksum.add(bytes);
  return checksum.hex();
}

// Session options do not change results, but for this one, and those that a run's own replace.
bool changes_results(const Option& option) {
  return option.scope != Scope::kSession || option.of_run || option.key == "precision";
}

// Throws UsageError if process `rank` has other facts than process 0.
void compare(const ordered_json& first, const ordered_json& other, std::size_t rank) {
  for (const auto& [name, value] : first.items()) {
    const ordered_json theirs = other.contains(name) ? other[name] : ordered_json();
    if (theirs != value) {
      throw UsageError("process ",
                       rank,
                       " has another ",
                       name,
                       " than process 0: ",
                       data::json_text(theirs),
                       ", not ",
                       data::json_text(value),
                       "; all processes need the same program, options, data and kind of CPU");
    }
  }
}

// Throws UsageError if another process has other facts than process 0.
void require_equal(dist::Communicator& group, const ordered_json& facts, const std::string& work) {
  group.describe(work);
  const std::vector<std::string> all = dist::gather(group, data::json_text(facts));
  for (std::size_t rank = 1; rank < all.size(); ++rank) {
    if (all[rank] != all[0]) {
      compare(ordered_json::parse(all[0]), ordered_json::parse(all[rank]), rank);
    }
  }
}

}  // namespace

std::int64_t Ranks::least_shards() {
  return static_cast<std::int64_t>(
      std::bit_ceil(static_cast<std::uint64_t>(dist::this_launch().size)));
}

void Ranks::declare(OptionTable& table) {
  table.add("mpi", &mpi_, "MPI library of mpirun or srun").session();
  table
      .add("collective_timeout_s",
           &timeout_s_,
           "under mpirun: end after waiting this many seconds for the other processes")
      .within(kPositive)
      .session();
}

void Ranks::check(Device device) const {
  if (launch_.size > 1 && device != Device::kCpu) {
    throw UsageError("--device: expected cpu with several processes, got ",
                     name_of(device),
                     "; use one process for a GPU");
  }
}

void Ranks::check(const train::TrainConfig& config, data::Refit refit, Device device) const {
  const std::int64_t size = launch_.size;
  if (size == 1) {
    return;
  }
  if (config.shards < size) {
    throw UsageError("--shards: expected at least as many shards as processes, ",
                     size,
                     ", got ",
                     config.shards,
                     "; use fewer processes, or start a new run with more shards");
  }
  if (refit != data::Refit::kNone) {
    throw UsageError(
        "--refit: expected one process, got ",
        size,
        ": search with several, then train the best number of epochs with --split none");
  }
  check(device);
}

void Ranks::join(std::int64_t threads) {
  if (launch_.size == 1) {
    return;
  }
  if (mpi_ != MpiChoice::kAuto) {
    launch_.module = choice_name(mpi_);
  }
  set_num_threads(threads > 0 ? static_cast<int>(threads) : dist::threads_for_each(launch_));
  group_ = dist::join_group(launch_, timeout_s_);
}

void Ranks::require_same(const OptionTable& table, ordered_json facts) const {
  if (group_ == nullptr) {
    return;
  }
  for (const auto& option : table.options()) {
    if (changes_results(*option) && !is_data_path(option->key) && option->key != "threads") {
      facts[option->key] = to_json(option->target);
    }
  }
  facts["program"] = version() + " " + hash_of(read_whole_file("/proc/self/exe"));
  facts["CPU"] = hash_of(cpu_features());
  require_equal(*group_, facts, "comparison of the options");
}

void Ranks::require_same(const train::SavedModelInfo& model) const {
  if (group_ != nullptr) {
    require_equal(*group_,
                  {{"model", model.identity.run},
                   {"epoch of the model", model.epoch},
                   {"metric of the model", model.metric_value}},
                  "comparison of the models");
  }
}

void Ranks::meet(const std::string& work) const {
  if (group_ != nullptr) {
    const std::int64_t none = 0;
    group_->describe(work);
    dist::gather(*group_, {&none, 1});
  }
}

void Ranks::leave() {
  if (group_ != nullptr) {
    group_->barrier();
    group_.reset();
    dist::leave_group();
  }
}

std::string Ranks::description() const {
  const int count = num_threads();
  const std::string threads = count == 1 ? "1 thread" : fmt::format("{} threads", count);
  return fmt::format("{} processes of {}, {} each", launch_.size, launch_.launcher, threads);
}

}  // namespace elastic::cli
