#include "cli/asking/streams.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "data/batch.h"

namespace elastic::cli {
namespace {

// Stacks the users' states as rows of the model's tensors; unstack copies them back.
StreamStates stack(const StreamStates& like, const std::vector<Stream*>& users) {
  StreamStates states;
  std::ptrdiff_t at = 0;
  for (const Tensor& one : like) {
    std::vector<double> rows;
    for (const Stream* user : users) {
      const auto begin = user->state.begin() + at;
      rows.insert(rows.end(), begin, begin + one.numel());
    }
    at += one.numel();
    std::vector<std::int64_t> extents{static_cast<std::int64_t>(users.size())};
    for (int i = 1; i < one.shape().rank(); ++i) {
      extents.push_back(one.shape()[i]);
    }
    states.push_back(Tensor::from(rows, Shape(extents), one.device()));
  }
  return states;
}

void unstack(const StreamStates& states, const std::vector<Stream*>& users) {
  std::ptrdiff_t at = 0;
  for (const Tensor& tensor : states) {
    const std::vector<double> rows = tensor.to_vector<double>();
    const auto size = static_cast<std::ptrdiff_t>(rows.size() / users.size());
    for (std::size_t i = 0; i < users.size(); ++i) {
      const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(i) * size;
      std::copy(begin, begin + size, users[i]->state.begin() + at);
    }
    at += size;
  }
}

Streaming& streaming_of(Model& model) {
  Streaming* streaming = model.streaming();
  if (streaming == nullptr) {
    throw UsageError("model ", model.config().model, " cannot read a stream");
  }
  return *streaming;
}

// True if the items of each user are from 1 to `num_items`, ascending and distinct. `sizes`, their
// numbers by user, add up to the number of `items`.
bool are_item_sets(const std::vector<std::int32_t>& items,
                   const std::vector<std::int32_t>& sizes,
                   std::int64_t num_items) {
  auto item = items.begin();
  for (const std::int32_t size : sizes) {
    std::int32_t before = 0;
    for (const auto end = item + size; item != end; ++item) {
      if (*item <= before || *item > num_items) {
        return false;
      }
      before = *item;
    }
  }
  return true;
}

// Checks the sizes and numbers of a file for a model with states of `state_size` numbers.
void check_fit(const SavedStreams& saved,
               std::int64_t state_size,
               const ModelConfig& config,
               const std::string& path) {
  const std::size_t users = saved.users.size();
  const bool fits =
      saved.states.size() == users * static_cast<std::size_t>(state_size) &&
      saved.hidden.size() == users * static_cast<std::size_t>(config.dim) &&
      saved.seen_sizes.size() == users && saved.times.size() == (reads_times(config) ? users : 0) &&
      std::all_of(saved.seen_sizes.begin(),
                  saved.seen_sizes.end(),
                  [](std::int32_t size) { return size >= 0; }) &&
      std::accumulate(saved.seen_sizes.begin(), saved.seen_sizes.end(), std::size_t{0}) ==
          saved.seen.size() &&
      are_item_sets(saved.seen, saved.seen_sizes, config.num_items);
  if (!fits) {
    throw CheckpointError(path, ": the tensors do not fit ", users, " users");
  }
  constexpr double kFarthest = 1e15;  // seconds; whole numbers up to here are exact
  if (!std::all_of(saved.times.begin(), saved.times.end(), [](double time) {
        return std::abs(time) <= kFarthest;
      })) {
    throw CheckpointError(path, ": tensor 'times': expected seconds");
  }
  // A fresh state may hold -inf, the logarithm of an empty sum.
  if (std::any_of(saved.states.begin(), saved.states.end(), [](double value) {
        return std::isnan(value);
      })) {
    throw CheckpointError(path, ": tensor 'states': a number is not a number");
  }
}

}  // namespace

Streams::Streams(Model& model)
    : model_(model), streaming_(streaming_of(model)), fresh_(streaming_.new_streams(1)) {
  for (const Tensor& tensor : fresh_) {
    state_size_ += tensor.numel();
  }
}

Stream* Streams::find(const std::string& user) {
  const auto place = index_.find(user);
  return place == index_.end() ? nullptr : &streams_[place->second];
}

Stream& Streams::add(const std::string& user) {
  ELASTIC_CHECK(index_.emplace(user, streams_.size()).second, "a second stream of ", user);
  Stream& stream = streams_.emplace_back();
  stream.user = user;
  for (const Tensor& tensor : fresh_) {
    const std::vector<double> values = tensor.to_vector<double>();
    stream.state.insert(stream.state.end(), values.begin(), values.end());
  }
  return stream;
}

std::vector<std::vector<float>> Streams::advance(const std::vector<Stream*>& users) {
  if (users.empty()) {
    return {};
  }
  data::BatchBuilder builder;
  for (Stream* user : users) {
    builder.add(user->coming,
                static_cast<std::int64_t>(user->coming.size()),
                {user->coming_times, user->latest_time, {}});
  }
  StreamStates states = stack(fresh_, users);
  const Tensor hidden =
      streaming_.advance(builder.build(model_.item_table().value().device()), states).value();
  unstack(states, users);
  const std::vector<float> values = hidden.to_vector<float>();
  const std::ptrdiff_t dim = hidden.cols();
  std::vector<std::vector<float>> rows;
  auto row = values.begin();
  for (Stream* user : users) {
    for (std::size_t event = 0; event < user->coming.size(); ++event, row += dim) {
      rows.emplace_back(row, row + dim);
    }
    user->hidden = rows.back();
    user->coming.clear();
    if (!user->coming_times.empty()) {
      user->latest_time = user->coming_times.back();
      user->coming_times.clear();
    }
  }
  return rows;
}

void Streams::save(const std::string& path,
                   const std::string& model_hash,
                   const StreamPosition& position) const {
  std::vector<const Stream*> users;
  for (const Stream& stream : streams_) {
    if (!stream.hidden.empty()) {  // a user without events has no state to keep
      users.push_back(&stream);
    }
  }
  std::sort(users.begin(), users.end(), [](const Stream* a, const Stream* b) {
    return a->user < b->user;
  });
  SavedStreams saved;
  saved.position = position;
  for (const Stream* stream : users) {
    saved.users.push_back(stream->user);
    saved.states.insert(saved.states.end(), stream->state.begin(), stream->state.end());
    saved.hidden.insert(saved.hidden.end(), stream->hidden.begin(), stream->hidden.end());
    saved.seen.insert(saved.seen.end(), stream->seen.begin(), stream->seen.end());
    if (stream->latest_time) {
      saved.times.push_back(static_cast<double>(*stream->latest_time));
    }
    saved.seen_sizes.push_back(static_cast<std::int32_t>(stream->seen.size()));
  }
  write_streams(path, model_hash, saved);
}

StreamPosition Streams::load(const std::string& path, const std::string& model_hash) {
  const SavedStreams saved = read_streams(path, model_hash);
  check_fit(saved, state_size_, model_.config(), path);
  auto state = saved.states.begin();
  auto hidden = saved.hidden.begin();
  auto seen = saved.seen.begin();
  const auto next = [](auto& from, std::int64_t size) {
    const auto begin = from;
    from += size;
    return std::vector(begin, from);
  };
  for (std::size_t i = 0; i < saved.users.size(); ++i) {
    if (index_.contains(saved.users[i])) {
      throw CheckpointError(path, ": users: '", saved.users[i], "' appears twice");
    }
    Stream& stream = add(saved.users[i]);
    stream.state = next(state, state_size_);
    stream.hidden = next(hidden, model_.config().dim);
    stream.seen = next(seen, saved.seen_sizes[i]);
    if (!saved.times.empty()) {
      stream.latest_time = static_cast<std::int64_t>(saved.times[i]);
    }
  }
  return saved.position;
}

}  // namespace elastic::cli
