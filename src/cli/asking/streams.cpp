#include "cli/asking/streams.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/batch.h"
#include "data/json_document.h"
#include "tensor/safetensors.h"

namespace elastic::cli {
namespace {

constexpr const char* kFormat = "elastic-streams-2";

// Stacks the users' states as rows of the model's tensors; unstack copies them back.
StreamStates stack(const StreamStates& like, const std::vector<Stream*>& users) {
  StreamStates states;
  std::ptrdiff_t at = 0;
  for (const Tensor& one : like) {
    std::vector<float> rows;
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
    const std::vector<float> rows = tensor.to_vector<float>();
    const auto size = static_cast<std::ptrdiff_t>(rows.size() / users.size());
    for (std::size_t i = 0; i < users.size(); ++i) {
      const auto begin = rows.begin() + static_cast<std::ptrdiff_t>(i) * size;
      std::copy(begin, begin + size, users[i]->state.begin() + at);
    }
    at += size;
  }
}

template <class Value>
Tensor flat(const std::vector<Value>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

Streaming& streaming_of(Model& model) {
  Streaming* streaming = model.streaming();
  if (streaming == nullptr) {
    throw UsageError("model ", model.config().model, " cannot read a stream");
  }
  return *streaming;
}

StreamPosition read_position(const Safetensors& file) {
  const std::string& text = file.metadata_at("lines");
  StreamPosition position{0, file.metadata_at("lines_checksum")};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position.lines);
  if (error != std::errc{} || end != text.data() + text.size() || position.lines < 0) {
    throw CheckpointError(file.path, ": lines: expected a number, got '", text, "'");
  }
  return position;
}

std::vector<std::string> names_of_users(const Safetensors& file) {
  const nlohmann::ordered_json json = data::parse_json(file.metadata_at("users"));
  std::vector<std::string> names;
  for (const auto& name : json) {
    if (!json.is_array() || !name.is_string()) {
      throw CheckpointError(file.path, ": users: expected a list of names");
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

// True if the items of each user are from 1 to `num_items`, ascending and distinct.
bool are_item_sets(const std::vector<std::int32_t>& items,
                   const std::vector<std::int32_t>& offsets,
                   std::int32_t num_items) {
  for (std::size_t user = 0; user + 1 < offsets.size(); ++user) {
    std::int32_t before = 0;
    for (auto at = offsets[user]; at < offsets[user + 1]; ++at) {
      const std::int32_t item = items[static_cast<std::size_t>(at)];
      if (item <= before || item > num_items) {
        return false;
      }
      before = item;
    }
  }
  return true;
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
    const std::vector<float> values = tensor.to_vector<float>();
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
    builder.add(user->coming, static_cast<std::int64_t>(user->coming.size()));
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
  nlohmann::json names = nlohmann::json::array();
  std::vector<float> states;
  std::vector<float> hidden;
  std::vector<std::int32_t> seen;
  std::vector<std::int32_t> seen_offsets{0};
  for (const Stream* stream : users) {
    names.push_back(stream->user);
    states.insert(states.end(), stream->state.begin(), stream->state.end());
    hidden.insert(hidden.end(), stream->hidden.begin(), stream->hidden.end());
    seen.insert(seen.end(), stream->seen.begin(), stream->seen.end());
    seen_offsets.push_back(static_cast<std::int32_t>(seen.size()));
  }
  write_safetensors(path,
                    {{"states", flat(states)},
                     {"hidden", flat(hidden)},
                     {"seen", flat(seen)},
                     {"seen_offsets", flat(seen_offsets)}},
                    {{"format", kFormat},
                     {"model", model_hash},
                     {"users", data::json_text(names)},
                     {"lines", std::to_string(position.lines)},
                     {"lines_checksum", position.checksum}});
}

StreamPosition Streams::load(const std::string& path, const std::string& model_hash) {
  const Safetensors file = read_safetensors(path);
  if (!file.metadata.contains("format") || file.metadata_at("format") != kFormat) {
    throw CheckpointError(path,
                          ": expected a file of streams of format ",
                          kFormat,
                          "; remove it to start all streams again");
  }
  if (file.metadata_at("model") != model_hash) {
    throw CheckpointError(path,
                          ": the states of another model (the run was trained again); remove the "
                          "file to start all streams again");
  }
  const std::vector<std::string> names = names_of_users(file);
  const auto states = file.find("states").to_vector<float>();
  const auto hidden = file.find("hidden").to_vector<float>();
  const auto seen = file.find("seen").to_vector<std::int32_t>();
  const auto offsets = file.find("seen_offsets").to_vector<std::int32_t>();
  const auto state_size = static_cast<std::size_t>(state_size_);
  const auto dim = static_cast<std::size_t>(model_.config().dim);
  const auto num_items = static_cast<std::int32_t>(model_.config().num_items);
  const bool fits = states.size() == names.size() * state_size &&
                    hidden.size() == names.size() * dim && offsets.size() == names.size() + 1 &&
                    offsets.front() == 0 && std::is_sorted(offsets.begin(), offsets.end()) &&
                    static_cast<std::size_t>(offsets.back()) == seen.size() &&
                    are_item_sets(seen, offsets, num_items);
  if (!fits) {
    throw CheckpointError(path, ": the tensors do not fit ", names.size(), " users");
  }
  // A fresh state may hold -inf, the logarithm of an empty sum.
  if (std::any_of(states.begin(), states.end(), [](float value) { return std::isnan(value); })) {
    throw CheckpointError(path, ": tensor 'states': a number is not a number");
  }
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (index_.contains(names[i])) {
      throw CheckpointError(path, ": users: '", names[i], "' appears twice");
    }
    Stream& stream = add(names[i]);
    const auto slice = [i](const auto& values, std::size_t size) {
      const auto begin = values.begin() + static_cast<std::ptrdiff_t>(i * size);
      return std::vector<float>(begin, begin + static_cast<std::ptrdiff_t>(size));
    };
    stream.state = slice(states, state_size);
    stream.hidden = slice(hidden, dim);
    stream.seen.assign(seen.begin() + offsets[i], seen.begin() + offsets[i + 1]);
  }
  return read_position(file);
}

}  // namespace elastic::cli
