#include "dist/mpi_group.h"

#include <dlfcn.h>
#include <sched.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>
#include <thread>
#include <vector>

#include "base/error.h"
#include "dist/mpi_functions.h"

namespace elastic::dist {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

const ElasticMpi* joined = nullptr;

// Folders that may hold the modules: that of the binary, of a build's other programs, of a system.
std::vector<fs::path> module_folders() {
  std::error_code error;
  const fs::path folder = fs::read_symlink("/proc/self/exe", error).parent_path();
  return {folder, folder.parent_path(), folder.parent_path() / "lib" / "elastic"};
}

[[noreturn]] void refuse_module(const Launch& launch, const std::string& reason) {
  const bool mpich = launch.module == "mpich";
  throw UsageError(launch.launcher,
                   " has started ",
                   launch.size,
                   " processes, but elastic-",
                   launch.module,
                   ".so, which connects them, ",
                   reason,
                   "; install ",
                   mpich ? "mpich and libmpich-dev" : "openmpi-bin and libopenmpi-dev",
                   ", and build again with -DELASTIC_MPI=ON");
}

const ElasticMpi& open_module(const Launch& launch) {
  const std::string name = "elastic-" + launch.module + ".so";
  for (const fs::path& folder : module_folders()) {
    const fs::path path = folder / name;
    std::error_code error;
    if (!fs::exists(path, error)) {
      continue;
    }
    void* const library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      refuse_module(launch, concat("cannot be loaded: ", dlerror()));
    }
    const auto entry = reinterpret_cast<decltype(&elastic_mpi)>(dlsym(library, "elastic_mpi"));
    if (entry == nullptr || entry()->version != kElasticMpiVersion) {
      refuse_module(launch, "is of another version of elastic");
    }
    return *entry();
  }
  refuse_module(launch, "was not built");
}

class MpiGroup : public Communicator {
 public:
  MpiGroup(const ElasticMpi& mpi, int rank, int size, double timeout_s)
      : mpi_(mpi), rank_(rank), size_(size), timeout_s_(timeout_s) {}

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }
  void describe(const std::string& work) override { work_ = work; }

  void all_to_all(std::span<const std::byte> send, std::span<std::byte> received) override {
    const std::size_t part = send.size() / static_cast<std::size_t>(size_);
    check(part, send.size(), received.size());
    require(mpi_.all_to_all(send.data(), received.data(), part));
    wait(timeout_s_);
  }
  void all_gather(std::span<const std::byte> send, std::span<std::byte> received) override {
    check(send.size(), received.size(), received.size());
    require(mpi_.all_gather(send.data(), received.data(), send.size()));
    wait(timeout_s_);
  }
  void barrier() override {
    const std::byte mine{};
    std::vector<std::byte> all(static_cast<std::size_t>(size_));
    require(mpi_.all_gather(&mine, all.data(), 1));
    wait(std::numeric_limits<double>::infinity());
  }

 private:
  void check(std::size_t part, std::size_t send, std::size_t received) const {
    const std::size_t all = part * static_cast<std::size_t>(size_);
    ELASTIC_CHECK(send == all && received == all &&
                  part <= static_cast<std::size_t>(std::numeric_limits<int>::max()));
  }
  void require(const char* reason) const {
    if (reason != nullptr) {
      throw Error(concat(work_, ": the exchange between the processes failed: ", reason));
    }
  }
  // Waits for the exchange in progress. Spins first, since most exchanges take microseconds, then
  // gives way: MPI's own waits never do, and take the cores of ranks that still work.
  void wait(double limit_s) const {
    constexpr std::chrono::microseconds kSpin{20};
    constexpr std::chrono::microseconds kYield{500};
    constexpr std::chrono::microseconds kSleep{50};
    const Clock::time_point begin = Clock::now();
    for (;;) {
      int done = 0;
      require(mpi_.test(&done));
      if (done != 0) {
        return;
      }
      const auto waited = Clock::now() - begin;
      if (waited >= kYield) {
        std::this_thread::sleep_for(kSleep);
      } else if (waited >= kSpin) {
        sched_yield();
      }
      if (std::chrono::duration<double>(waited).count() > limit_s) {
        throw Error(concat("rank ",
                           rank_,
                           " of ",
                           size_,
                           " has waited ",
                           limit_s,
                           " s for the other processes: ",
                           work_,
                           "; a larger --collective-timeout-s waits longer"));
      }
    }
  }

  const ElasticMpi& mpi_;
  int rank_;
  int size_;
  double timeout_s_;
  std::string work_ = "start";
};

}  // namespace

std::unique_ptr<Communicator> join_group(const Launch& launch, double timeout_s) {
  ELASTIC_CHECK(joined == nullptr, "a process joins one group");
  const ElasticMpi& mpi = open_module(launch);
  int rank = 0;
  int size = 0;
  if (const char* reason = mpi.start(&rank, &size)) {
    throw Error(concat(launch.launcher, ": MPI does not start: ", reason));
  }
  joined = &mpi;
  if (rank != launch.rank || size != launch.size) {
    const std::string library = mpi.library();
    throw UsageError(launch.launcher,
                     " has started ",
                     launch.size,
                     " processes, but MPI sees ",
                     size,
                     ": elastic-",
                     launch.module,
                     ".so uses another MPI than the launcher (",
                     library.substr(0, library.find('\n')),
                     "); start with the mpirun of ",
                     launch.module == "mpich" ? "the package mpich" : "the package openmpi-bin",
                     ", or choose the other module with --mpi");
  }
  return std::make_unique<MpiGroup>(mpi, rank, size, timeout_s);
}

void leave_group() {
  if (joined != nullptr) {
    const ElasticMpi* const mpi = joined;
    joined = nullptr;
    if (const char* reason = mpi->finish()) {
      throw Error(concat("MPI does not end: ", reason));
    }
  }
}

void abort_group(int code) {
  if (joined != nullptr) {
    // A launcher may lose a message that is written just before the end.
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    joined->abort(code);
  }
}

}  // namespace elastic::dist
