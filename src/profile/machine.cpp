#include "profile/machine.h"

#include <algorithm>
#include <chrono>

#include "tensor/backend.h"
#include "tensor/threads.h"

namespace elastic::profile {
namespace {

// The shortest time of `repetitions` calls, seconds.
template <class Run>
double best_seconds(int repetitions, const Run& run) {
  double best = 1e300;
  for (int i = 0; i < repetitions; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    run();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
    best = std::min(best, elapsed.count());
  }
  return best;
}

}  // namespace

MachineRates measure_machine(Device device) {
  constexpr int kRepetitions = 8;
  Backend& backend = backend_for(device);
  const auto ones = [&](const Shape& shape) {
    Tensor tensor(shape, DType::kFloat32, device, Memory::kWorkspace);
    backend.fill(tensor, 1.0);
    return tensor;
  };
  MachineRates rates;
  rates.threads = num_threads();
  {
    constexpr std::int64_t kSize = 1024;
    const Tensor x = ones({kSize, kSize});
    const Tensor weight = ones({kSize, kSize});
    Tensor y = ones({kSize, kSize});
    const double seconds =
        best_seconds(kRepetitions, [&] { backend.linear_forward(x, weight, Tensor(), y); });
    rates.sgemm_gflops = 2.0 * static_cast<double>(kSize * kSize * kSize) / seconds * 1e-9;
  }
  {
    constexpr std::int64_t kElements = std::int64_t{1} << 25;
    const Tensor b = ones({kElements});
    const Tensor c = ones({kElements});
    Tensor a = ones({kElements});
    const double seconds = best_seconds(kRepetitions, [&] { backend.add(b, c, a); });
    rates.triad_gbps = 3.0 * static_cast<double>(a.bytes()) / seconds * 1e-9;
  }
  backend.allocator().release_cache();
  return rates;
}

}  // namespace elastic::profile
