// The processes that train together under mpirun or srun.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>

#include "base/choice.h"
#include "cli/options/option_table.h"
#include "data/split.h"
#include "dist/communicator.h"
#include "dist/launcher.h"
#include "tensor/dtype.h"
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
  void check(const train::TrainConfig& config, data::Refit refit, Device device) const;
  /// Joins the other processes, if there are any, and sets the number of threads: by default, the
  /// processes of a machine share its cores.
  void join(std::int64_t threads);
  /// Throws UsageError naming the first of the options and `facts`, an object, that another process
  /// has with another value, or that its program or CPU differs: equal bits need equal
  /// instructions.
  void require_same(const OptionTable& table, nlohmann::ordered_json facts) const;
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
