// Shows the operands of a kernel's calls to a test.
#pragma once

#include <algorithm>
#include <array>
#include <functional>
#include <iterator>
#include <utility>

#include "tensor/kernel.h"
#include "test_device.h"

namespace elastic {

/// While it lives, `see` is called before every call of kernel K on the test device. One per kernel
/// at a time.
template <Kernel K>
class KernelProbe {
 public:
  explicit KernelProbe(std::function<void(const K&)> see) {
    see_ = std::move(see);
    auto& functions = KernelTable<K>::functions[static_cast<std::size_t>(test_device())];
    for (std::size_t type = 0; type < former_.size(); ++type) {
      former_[type] = functions[type];
      functions[type] = former_[type] == nullptr ? nullptr : &show_and_call;
    }
  }
  ~KernelProbe() {
    std::copy(former_.begin(),
              former_.end(),
              std::begin(KernelTable<K>::functions[static_cast<std::size_t>(test_device())]));
  }
  KernelProbe(const KernelProbe&) = delete;
  KernelProbe& operator=(const KernelProbe&) = delete;

 private:
  using Function = typename KernelTable<K>::Function;
  static void show_and_call(const K& kernel) {
    see_(kernel);
    former_[static_cast<std::size_t>(deciding_tensor(kernel)->dtype())](kernel);
  }
  static inline std::function<void(const K&)> see_;
  static inline std::array<Function, kNumDTypes> former_{};
};

}  // namespace elastic
