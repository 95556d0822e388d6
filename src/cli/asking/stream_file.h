// The file of a run's streams, RUN/streams.safetensors.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace elastic::cli {

/// The part of the latest input that is in the states.
struct StreamPosition {
  std::int64_t lines = 0;  ///< from the start of the input
  std::string checksum;    ///< of these lines
};

/// The content of the file. Users are in the order of their names' bytes.
struct SavedStreams {
  StreamPosition position;
  std::vector<std::string> users;
  std::vector<double> states;            ///< [users, size of a state]
  std::vector<float> hidden;             ///< [users, D]
  std::vector<std::int32_t> seen;        ///< items, user by user
  std::vector<std::int32_t> seen_sizes;  ///< [users]
  std::vector<double> times;  ///< [users] of the latest events, in seconds; empty: not read
};

/// Writes the file whole or not at all. `model_hash` identifies the model.
void write_streams(const std::string& path,
                   const std::string& model_hash,
                   const SavedStreams& streams);

/// Reads the file, also that of the former version with states in float32. Throws CheckpointError
/// for the states of another model or a damaged file. The caller checks the sizes and items.
SavedStreams read_streams(const std::string& path, const std::string& model_hash);

}  // namespace elastic::cli
