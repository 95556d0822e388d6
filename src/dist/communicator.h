// The processes that share a training ("ranks"), and the exchanges between them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace elastic::dist {

/// Every rank must make the same calls in the same order. A call returns when the rank has its
/// result, and throws Error if that takes longer than the time limit of the group.
class Communicator {
 public:
  virtual ~Communicator() = default;

  [[nodiscard]] virtual int rank() const = 0;
  [[nodiscard]] virtual int size() const = 0;
  [[nodiscard]] bool is_first() const { return rank() == 0; }

  /// The work that the next calls belong to, for the message about an exceeded time limit.
  virtual void describe(const std::string& work) = 0;

  /// `send` has a part of equal size for each rank, by rank; `received` gets this rank's part of
  /// each, by rank.
  virtual void all_to_all(std::span<const std::byte> send, std::span<std::byte> received) = 0;
  /// `received` gets `send` of each rank, by rank.
  virtual void all_gather(std::span<const std::byte> send, std::span<std::byte> received) = 0;
  /// Returns once every rank has made this call, without a time limit.
  virtual void barrier() = 0;
};

/// The values of each rank, by rank; all give as many. `size() * values.size()` numbers.
std::vector<std::int64_t> gather(Communicator& ranks, std::span<const std::int64_t> values);
/// The text of each rank, by rank.
std::vector<std::string> gather(Communicator& ranks, const std::string& text);

}  // namespace elastic::dist
