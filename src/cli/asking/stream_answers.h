// Answers to events: each updates its user's state and asks for the items after it.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "cli/asking/answer_writer.h"
#include "cli/asking/query.h"
#include "cli/asking/recommender.h"
#include "cli/asking/streams.h"

namespace elastic::cli {

class StreamAnswers {
 public:
  /// The events of a user in the data, oldest first; empty for a user who is not in it.
  using EarlierEvents = std::function<KnownItems(const std::string& user)>;

  /// `known`, which may be empty, gives the earlier events of a user without a state.
  /// `recommender` must outlive this. Throws UsageError for a model that cannot read a stream.
  StreamAnswers(Recommender& recommender, EarlierEvents known)
      : recommender_(recommender), streams_(recommender.model()), known_(std::move(known)) {}

  /// Updates the users' states with these events, in order, and returns an answer to each. Calls
  /// `advanced` once the states hold the events, before the items are ranked.
  std::vector<Answer> answer(std::span<const Query> events,
                             const std::function<void()>& advanced = {});

  [[nodiscard]] Streams& streams() { return streams_; }
  [[nodiscard]] const Streams& streams() const { return streams_; }
  [[nodiscard]] std::int64_t num_answered() const { return num_answered_; }
  [[nodiscard]] std::int64_t num_unanswered() const { return num_unanswered_; }
  [[nodiscard]] std::int64_t num_malformed() const { return num_malformed_; }

 private:
  // A line without an answer so far.
  struct Pending {
    Answer answer;
    Stream* stream = nullptr;         ///< null if the answer is an error
    std::vector<std::int32_t> items;  ///< added by the line
    std::vector<std::int64_t> times;  ///< of these, for a model that reads times
    std::size_t events_before = 0;    ///< of this user in the batch, up to and with this line
  };
  Pending prepare(const Query& query);
  // Sets the items that the line adds to the user's stream, null for a user without one.
  void find_new_items(const Query& query, const Stream* stream, Pending& pending) const;
  // Updates the users' states with the events of the batch. Returns the model's state [D] for each
  // line that gets an answer.
  std::vector<std::vector<float>> advance(const std::vector<Pending>& batch);
  // Adds the items of these lines to the users' seen items. Returns the items to leave out of each
  // answer.
  [[nodiscard]] std::vector<std::vector<std::int32_t>> add_seen_items(
      const std::vector<Pending>& batch) const;

  Recommender& recommender_;
  Streams streams_;
  EarlierEvents known_;
  std::int64_t num_answered_ = 0;
  std::int64_t num_unanswered_ = 0;
  std::int64_t num_malformed_ = 0;
};

}  // namespace elastic::cli
