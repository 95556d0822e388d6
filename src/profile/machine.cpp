#include "profile/machine.h"

#include <algorithm>
#include <chrono>

#include "tensor/backend.h"
#include "tensor/threads.h"

namespace elastic::profile {
namespace {

// The shortest time of `repetitions` calls, seconds.
template <class Run>
double best_seconds(Backend& backend, int repetitions, const Run& run) {
  double best = 1e300;
  for (int i = 0; i < repetitions; ++i) {
    backend.synchronize();
    const auto begin = std::chrono::steady_clock::now();
    run();
    backend.synchronize();
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
    // Not all the same number: GPUs multiply those faster than any real data.
    backend.dropout(tensor, {0.5, 1, 0, 0}, tensor);
    return tensor;
  };
  MachineRates rates;
  rates.device = backend.description();
  rates.threads = num_threads();
  {
    const std::int64_t size = device == Device::kCpu ? 1024 : 8192;
    const Tensor x = ones({size, size});
    const Tensor weight = ones({size, size});
    Tensor y = ones({size, size});
    const double seconds = best_seconds(
        backend, kRepetitions, [&] { backend.linear_forward(x, weight, Tensor(), y); });
    rates.sgemm_gflops = 2.0 * static_cast<double>(size * size * size) / seconds * 1e-9;
  }
  {
    const std::int64_t elements = std::int64_t{1} << (device == Device::kCpu ? 25 : 28);
    const Tensor b = ones({elements});
    const Tensor c = ones({elements});
    Tensor a = ones({elements});
    const double seconds = best_seconds(backend, kRepetitions, [&] { backend.add(b, c, a); });
    rates.triad_gbps = 3.0 * static_cast<double>(a.bytes()) / seconds * 1e-9;
  }
  backend.allocator().release_cache();
  return rates;
}

}  // namespace elastic::profile
