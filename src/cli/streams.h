// What `predict --stream` keeps of its users: states of a fixed size instead of histories.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <unordered_map>
#include <vector>

#include "model/abilities.h"
#include "model/model.h"

namespace elastic::cli {

/// One user's past.
struct Stream {
  std::string user;
  std::vector<float> state;          ///< the user's row of every tensor of StreamStates
  std::vector<float> hidden;         ///< the model's state [D] at the last event; empty: none yet
  std::vector<std::int32_t> seen;    ///< distinct items, sorted
  std::vector<std::int32_t> coming;  ///< events that the state has not taken in yet
};

/// How far the states have read their latest input.
struct StreamPosition {
  std::int64_t lines = 0;  ///< from its beginning
  std::string checksum;    ///< of these lines
};

class Streams {
 public:
  /// Of a model that must outlive this. Throws UsageError for one that cannot read a stream.
  explicit Streams(Model& model);

  /// The user's past, empty at first. Stays where it is while this lives.
  Stream& of(const std::string& user);
  [[nodiscard]] bool has(const std::string& user) const { return index_.contains(user); }
  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(streams_.size()); }
  /// Takes the coming events of these users in; returns the model's states [D] at each of them,
  /// user by user.
  std::vector<std::vector<float>> advance(const std::vector<Stream*>& users);

  /// `model_hash` tells whose states they are, `position` how far they have read. Users stand in
  /// the order of their names, so that the file depends on the events only.
  void save(const std::string& path,
            const std::string& model_hash,
            const StreamPosition& position) const;
  /// Returns the position. Throws CheckpointError for states of another model, or a file that is no
  /// such thing.
  StreamPosition load(const std::string& path, const std::string& model_hash);

 private:
  Model& model_;
  Streaming& streaming_;
  StreamStates fresh_;  ///< of one user without a past
  std::int64_t state_size_ = 0;
  std::deque<Stream> streams_;
  std::unordered_map<std::string, std::size_t> index_;
};

}  // namespace elastic::cli
