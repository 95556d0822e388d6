// Writes the checkpoints of a training: large ones in the background, while training goes on.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <map>
#include <string>
#include <thread>

#include "train/checkpoint.h"
#include "train/row_snapshot.h"

namespace elastic::train {

/// Checkpoints on the CPU of at least this many bytes are written in the background: smaller ones
/// take less than a step of such a model. Tests lower it.
inline std::size_t background_bytes = std::size_t{64} << 20;

/// A thread of this process writes the file, and ends with the process. The file has the content of
/// the moment of `begin`: small tensors are copied then, and rows of the item table and its moments
/// before an update changes them. An update of another large tensor, or of all rows, waits until
/// the thread has read it.
class CheckpointSaver {
 public:
  CheckpointSaver() = default;
  /// Waits until a file that was begun is written.
  ~CheckpointSaver();
  CheckpointSaver(const CheckpointSaver&) = delete;
  CheckpointSaver& operator=(const CheckpointSaver&) = delete;

  /// Begins to replace the file, or replaces it if it is small; none is in progress. Throws as
  /// write_safetensors does.
  void begin(const std::string& path, CheckpointContent content);
  /// Whether a file was begun for which `finish` was not called.
  [[nodiscard]] bool in_progress() const { return thread_.joinable(); }
  /// Whether `finish` would return at once.
  [[nodiscard]] bool is_done() const { return !in_progress() || done_; }
  /// Waits until the file is written. Throws as write_safetensors does.
  void finish();

  /// To be called before an update of the optimiser. `item_rows` [R] int32: the only rows of the
  /// item table that it changes; null: it may change all.
  void before_update(const Tensor* item_rows);

 private:
  void take_snapshot();
  void write();
  void end();

  std::string path_;
  CheckpointContent content_;
  std::map<std::size_t, RowSnapshot> live_;  ///< the tensors that are not copied
  std::thread thread_;
  std::atomic<bool> done_ = false;
  std::exception_ptr error_;  ///< of the thread; to be read once it has ended
};

}  // namespace elastic::train
