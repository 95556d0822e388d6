// Named parts of a thread's scratch.
#pragma once

#include <cstdint>

namespace elastic::cpu {

/// A part of a scratch, located by its offset.
struct ScratchPart {
  std::int64_t offset;
  template <class T>
  [[nodiscard]] T* of(T* scratch) const {
    return scratch + offset;
  }
};

/// Lays out parts one after the other.
class ScratchLayout {
 public:
  ScratchPart part(std::int64_t elements) {
    const ScratchPart next{size_};
    size_ += elements;
    return next;
  }
  /// Elements of all parts.
  [[nodiscard]] std::int64_t size() const { return size_; }

 private:
  std::int64_t size_ = 0;
};

}  // namespace elastic::cpu
