// Memory of a large buffer that is read once from front to back.
#pragma once

#include <cstddef>

namespace elastic::data {

/// Gives the pages of a buffer that were read back to the system, while the buffer still lives:
/// reading a log would otherwise need its text and its events at the same time.
class SpentMemory {
 public:
  /// The part of a heap buffer that begins at `begin`. Its content is lost as it is spent.
  explicit SpentMemory(const void* begin);
  /// Gives back the whole pages before `end`; the caller must not read them again.
  void spend_before(const void* end);

 private:
  std::size_t begin_;  ///< the address of the first page that is not spent
};

}  // namespace elastic::data
