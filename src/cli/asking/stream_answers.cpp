#include "cli/asking/stream_answers.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"

namespace elastic::cli {
namespace {

void add_seen(std::vector<std::int32_t>& seen, std::int32_t item) {
  const auto place = std::lower_bound(seen.begin(), seen.end(), item);
  if (place == seen.end() || *place != item) {
    seen.insert(place, item);
  }
}

}  // namespace

std::vector<Answer> StreamAnswers::answer(std::span<const Query> events,
                                          const std::function<void()>& advanced) {
  std::vector<Pending> batch;
  for (const Query& query : events) {
    batch.push_back(prepare(query));
  }
  const std::vector<std::vector<float>> states = advance(batch);
  if (advanced) {
    advanced();
  }
  auto recommended = recommender_.best(states, add_seen_items(batch));
  auto next = recommended.begin();
  std::vector<Answer> answers;
  for (Pending& pending : batch) {
    if (pending.stream != nullptr) {
      pending.answer.items = std::move(*next++);
    }
    answers.push_back(std::move(pending.answer));
  }
  return answers;
}

StreamAnswers::Pending StreamAnswers::prepare(const Query& query) {
  Pending pending;
  Answer& answer = pending.answer;
  answer.line = query.line;
  answer.user = query.user;
  answer.error = query.error;
  if (answer.error.empty() && !query.user) {
    answer.error = "expected a user";
  }
  if (!answer.error.empty()) {
    ++num_malformed_;
    return pending;
  }
  Stream* stream = streams_.find(*query.user);
  find_new_items(query, stream, pending);
  if (stream == nullptr && pending.items.empty()) {  // a mere question leaves no stream behind
    answer.error = query.history && !query.history->empty() ? "no item of the history is known"
                                                            : "nothing is known of this user yet";
    ++num_unanswered_;
    return pending;
  }
  if (stream == nullptr) {
    stream = &streams_.add(*query.user);
  }
  stream->coming.insert(stream->coming.end(), pending.items.begin(), pending.items.end());
  stream->coming_times.insert(
      stream->coming_times.end(), pending.times.begin(), pending.times.end());
  pending.events_before = stream->coming.size();
  pending.stream = stream;
  ++num_answered_;
  return pending;
}

void StreamAnswers::find_new_items(const Query& query,
                                   const Stream* stream,
                                   Pending& pending) const {
  if (stream == nullptr && known_) {
    KnownItems earlier = known_(*query.user);
    pending.items = std::move(earlier.items);
    pending.times = std::move(earlier.times);
  }
  if (!query.history) {
    return;
  }
  KnownItems added = recommender_.look_up(*query.history);
  pending.answer.unknown = added.unknown;
  pending.answer.unknown_ids = std::move(added.unknown_ids);
  const bool repeats = query.repeats_history && (stream != nullptr || !pending.items.empty());
  std::size_t first = 0;
  if (repeats) {  // all but the last are in the stream already
    const bool is_known = added.unknown == 0 || recommender_.knows(query.history->back());
    first = added.items.size() - (is_known && !added.items.empty() ? 1 : 0);
  }
  for (std::size_t i = first; i < added.items.size(); ++i) {
    pending.items.push_back(added.items[i]);
    if (query.times) {
      pending.times.push_back((*query.times)[added.places[i]]);
    }
  }
}

std::vector<std::vector<float>> StreamAnswers::advance(const std::vector<Pending>& batch) {
  // Users with new events, each once, and the row of `states` at which theirs begin.
  std::vector<Stream*> users;
  std::map<const Stream*, std::size_t> first_row;
  std::map<const Stream*, std::vector<float>>
      before;  // for questions that precede the user's events
  std::size_t rows = 0;
  for (const Pending& pending : batch) {
    Stream* stream = pending.stream;
    if (stream != nullptr && !stream->coming.empty() && !first_row.contains(stream)) {
      users.push_back(stream);
      first_row.emplace(stream, rows);
      before.emplace(stream, stream->hidden);
      rows += stream->coming.size();
    }
  }
  const std::vector<std::vector<float>> states = streams_.advance(users);
  std::vector<std::vector<float>> hidden;
  for (const Pending& pending : batch) {
    if (pending.stream == nullptr) {
      continue;
    }
    const auto row = first_row.find(pending.stream);
    if (row == first_row.end()) {
      hidden.push_back(pending.stream->hidden);
    } else if (pending.events_before == 0) {
      hidden.push_back(before.at(pending.stream));
    } else {
      hidden.push_back(states[row->second + pending.events_before - 1]);
    }
  }
  return hidden;
}

std::vector<std::vector<std::int32_t>> StreamAnswers::add_seen_items(
    const std::vector<Pending>& batch) const {
  std::vector<std::vector<std::int32_t>> excluded;
  for (const Pending& pending : batch) {
    if (pending.stream == nullptr) {
      continue;
    }
    for (const std::int32_t item : pending.items) {
      add_seen(pending.stream->seen, item);
    }
    excluded.push_back(recommender_.options().filter_seen ? pending.stream->seen
                                                          : std::vector<std::int32_t>{});
  }
  return excluded;
}

}  // namespace elastic::cli
