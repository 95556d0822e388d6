// The rows of a table as they were at one moment, for a thread that writes them while training
// changes them.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "tensor/tensor.h"

namespace elastic::train {

/// Keeps copies only of rows that are about to change before they are read: a copy of the table
/// would double the memory of a training with a large catalogue, of which a step changes few rows.
class RowSnapshot {
 public:
  /// The rows of now of `table` [N, D] on the CPU. At most `max_kept` of them are kept; beyond
  /// that, changes wait for the reader.
  RowSnapshot(Tensor table, std::int64_t max_kept);

  /// To be called before these rows change.
  void before_change(std::span<const std::int32_t> rows);
  /// To be called before all rows change: waits until they are read.
  void before_change();
  /// Copies elements [begin, end) as they were; for one reader, who reads each once and in order.
  void read(std::int64_t begin, std::int64_t end, void* target);
  /// Nothing will be read any more: changes need not wait.
  void close();

 private:
  // These are called with mutex_ held.
  void keep(std::int32_t row);
  void finish();
  [[nodiscard]] std::byte* kept_row(std::int32_t place) const;

  const Tensor table_;
  const std::int64_t max_kept_;
  const std::size_t row_bytes_;
  std::mutex mutex_;
  std::condition_variable read_;
  bool is_read_ = false;             ///< to the end, or will not be
  std::int64_t rows_read_ = 0;       ///< the rows before this one
  std::vector<std::int32_t> place_;  ///< [N] of a kept row; -1: not kept
  std::vector<Tensor> kept_;         ///< blocks of rows
  std::int32_t num_kept_ = 0;
};

}  // namespace elastic::train
