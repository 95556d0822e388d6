#include "profile/machine.h"

#include <algorithm>
#include <chrono>

#include "tensor/backend.h"
#include "tensor/kernels/dropout.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/linear.h"
#include "tensor/threads.h"

namespace elastic::profile {
namespace {

// The shortest time, in seconds, of up to `repetitions` calls; fewer if one takes over 0.5 s.
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
    if (elapsed.count() > 0.5) {
      break;
    }
  }
  return best;
}

}  // namespace

MachineRates measure_machine(Device device) {
  constexpr int kRepetitions = 5;
  constexpr double kLongEnough = 1e-3;  // compared with the cost of launching work on a GPU
  Backend& backend = backend_for(device);
  const auto space = [&](const Shape& shape) {
    return Tensor(shape, DType::kFloat32, device, Memory::kWorkspace);
  };
  const auto noise = [&](const Shape& shape) {
    Tensor tensor = space(shape);
    fill(tensor, 1.0);
    // Random zeros: GPUs multiply matrices of one repeated number faster than real data.
    run(kernels::ApplyDropout{tensor, {0.5, 1, 0, 0}, tensor});
    return tensor;
  };
  MachineRates rates;
  rates.device = backend.description();
  rates.threads = num_threads();
  double seconds = 0.0;
  for (std::int64_t size = 1024; seconds < kLongEnough && size <= 8192; size *= 2) {
    const Tensor x = noise({size, size});
    const Tensor weight = noise({size, size});
    Tensor y = space({size, size});
    seconds = best_seconds(backend, kRepetitions, [&] {
      run(kernels::LinearForward{x, weight, Tensor(), y});
    });
    rates.sgemm_gflops = 2.0 * static_cast<double>(size * size * size) / seconds * 1e-9;
  }
  seconds = 0.0;
  for (std::int64_t size = std::int64_t{1} << 25; seconds < kLongEnough && size <= 1 << 29;
       size *= 2) {
    const Tensor b = noise({size});
    const Tensor c = noise({size});
    Tensor a = space({size});
    seconds = best_seconds(backend, kRepetitions, [&] { run(kernels::Add{b, c, a}); });
    rates.triad_gbps = 3.0 * static_cast<double>(a.bytes()) / seconds * 1e-9;
  }
  backend.allocator().release_cache();
  return rates;
}

}  // namespace elastic::profile
