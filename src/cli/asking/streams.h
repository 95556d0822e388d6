// The users' states of `predict --stream`: of a fixed size, instead of histories.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "cli/asking/stream_file.h"
#include "model/abilities.h"
#include "model/model.h"

namespace elastic::cli {

/// One user's state.
struct Stream {
  std::string user;
  std::vector<double> state;         ///< the user's row of every tensor of StreamStates
  std::vector<float> hidden;         ///< the model's state [D] at the last event; empty: none yet
  std::vector<std::int32_t> seen;    ///< sorted, distinct items
  std::vector<std::int32_t> coming;  ///< events that are not in the state yet
  // Of a model that reads times, in whole seconds:
  std::vector<std::int64_t> coming_times;
  std::optional<std::int64_t> latest_time;  ///< of the events in the state
};

class Streams {
 public:
  /// `model` must outlive this. Throws UsageError if it cannot read a stream.
  explicit Streams(Model& model);

  /// The user's state, null if there is none. References stay valid while this lives.
  Stream* find(const std::string& user);
  /// Adds a state without events for a user who has none.
  Stream& add(const std::string& user);
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(streams_.size()); }
  /// Updates the states of these users with their coming events. Returns the model's state [D] at
  /// each event, user by user.
  std::vector<std::vector<float>> advance(const std::vector<Stream*>& users);

  /// Writes the states. `model_hash` identifies the model, `position` the input read so far. Users
  /// are sorted by name, so that the file depends only on the events.
  void save(const std::string& path,
            const std::string& model_hash,
            const StreamPosition& position) const;
  /// Reads the states and returns their position. Throws CheckpointError for states of another
  /// model or an unusable file.
  StreamPosition load(const std::string& path, const std::string& model_hash);

 private:
  Model& model_;
  Streaming& streaming_;
  StreamStates fresh_;  ///< of one user without events
  std::int64_t state_size_ = 0;
  std::deque<Stream> streams_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace elastic::cli
