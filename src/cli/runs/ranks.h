// The processes that work together under mpirun or srun.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "base/choice.h"
#include "cli/options/option_table.h"
#include "data/split.h"
#include "dist/communicator.h"
#include "dist/launcher.h"
#include "tensor/dtype.h"
#include "train/saved_model.h"
#include "train/train_config.h"

namespace elastic::cli {

enum class MpiChoice { kAuto, kOpenMpi, kMpich };
constexpr auto choices_of(MpiChoice) {
  using enum MpiChoice;
  return std::to_array<Choice<MpiChoice>>(
      {{kAuto, "auto", "that of the launcher"}, {kOpenMpi, "openmpi"}, {kMpich, "mpich"}});
}

/// One process, unless a launcher has started several.
class Ranks {
 public:
  /// The least number of shards for these processes: the default of --shards.
  [[nodiscard]] static std::int64_t least_shards();

  void declare(OptionTable& table);
  /// Throws UsageError naming the option that several processes, or so many, do not support.
  void check(Device device) const;
  /// The same for a training.
  void check(const train::TrainConfig& config, data::Refit refit, Device device) const;
  /// Joins the other processes, if there are any, and sets the number of threads: by default, the
  /// processes of a machine share its cores.
  void join(std::int64_t threads);
  /// Throws UsageError naming the first of `facts`, an object, and the options that change results,
  /// that another process has with another value, or that its program or CPU differs: equal bits
  /// need equal instructions. The paths of data may differ: `facts` should have its hash.
  void require_same(const OptionTable& table, nlohmann::ordered_json facts) const;
  /// The same for a model that all have read.
  void require_same(const train::SavedModelInfo& model) const;
  /// Waits until all processes have come here, at most for --collective-timeout-s; `work` is what
  /// they may still do.
  void meet(const std::string& work) const;
  /// Waits until all processes have come here.
  void leave();

  /// Null: this process is alone.
  [[nodiscard]] dist::Communicator* group() const { return group_.get(); }
  [[nodiscard]] bool is_first() const { return launch_.is_first(); }
  /// "4 processes of Open MPI, 1 thread each".
  [[nodiscard]] std::string description() const;

 private:
  dist::Launch launch_ = dist::this_launch();
  MpiChoice mpi_ = MpiChoice::kAuto;
  double timeout_s_ = 600.0;
  std::unique_ptr<dist::Communicator> group_;
};

}  // namespace elastic::cli
