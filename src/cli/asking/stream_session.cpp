#include "cli/asking/stream_session.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/error.h"
#include "base/input_file.h"
#include "cli/runs/save_signal.h"
#include "data/content_hash.h"

namespace elastic::cli {
namespace {

constexpr std::size_t kMaxBatchEvents = 512;

std::string hash_of_file(const std::string& path) {
  data::ContentHash hash;
  hash.add(read_whole_file(path));
  return hash.hex();
}

void add_seen(std::vector<std::int32_t>& seen, std::int32_t item) {
  const auto place = std::lower_bound(seen.begin(), seen.end(), item);
  if (place == seen.end() || *place != item) {
    seen.insert(place, item);
  }
}

}  // namespace

StreamSession::StreamSession(const std::string& run,
                             Recommender& recommender,
                             QueryParser& parser,
                             EarlierEvents known)
    : run_(train::RunDirectory::resume(run)),
      path_(run_.file("streams.safetensors")),
      model_hash_(hash_of_file(run_.model_path())),
      recommender_(recommender),
      parser_(parser),
      streams_(recommender.model()),
      known_(std::move(known)) {
  if (is_present(path_)) {
    kept_ = streams_.load(path_, model_hash_);
  }
}

void StreamSession::count_line(const std::string& line) {
  ++num_lines_;
  lines_checksum_.add(line);
  lines_checksum_.add("\n");
}

std::int64_t StreamSession::skip_read_lines(LineReader& input) {
  while (num_lines_ < kept_.lines) {
    const auto line = input.next();
    if (!line) {
      throw UsageError("--resume: ",
                       path_,
                       " has read ",
                       kept_.lines,
                       " lines, ",
                       input.name(),
                       " has ",
                       num_lines_,
                       "; expected the same input from its beginning");
    }
    count_line(*line);
    parser_.parse(*line, input.line_number());  // the next lines may depend on it
  }
  if (num_lines_ > 0 && lines_checksum_.hex() != kept_.checksum) {
    throw UsageError("--resume: the first ",
                     num_lines_,
                     " lines of ",
                     input.name(),
                     " are not those that ",
                     path_,
                     " has read; leave out --resume to read other input");
  }
  position_ = {num_lines_, lines_checksum_.hex()};
  return num_lines_;
}

void StreamSession::run(LineReader& input,
                        AnswerWriter& writer,
                        Output& output,
                        double save_every_s) {
  if (kept_.lines > 0 && num_lines_ == 0) {
    changed_ = true;
    save();  // position 0 of this input, in case of a kill before the next save
  }
  // The batch is empty while the input is waited for.
  input.on_waiting([this, save_every_s] { save_if_due(save_every_s); });
  try {
    read_all(input, writer, output, save_every_s);
  } catch (...) {
    save();  // keep the lines read before the output closed or the input failed
    throw;
  }
  input.on_waiting(nullptr);
  save();
}

void StreamSession::read_all(LineReader& input,
                             AnswerWriter& writer,
                             Output& output,
                             double save_every_s) {
  std::vector<Pending> batch;
  while (const auto line = input.next()) {
    count_line(*line);
    if (const std::optional<Query> query = parser_.parse(*line, input.line_number())) {
      batch.push_back(prepare(*query));
    }
    if (batch.size() >= kMaxBatchEvents || !input.ready()) {
      answer_all(batch, writer, output);
      save_if_due(save_every_s);
    }
  }
  answer_all(batch, writer, output);
}

StreamSession::Pending StreamSession::prepare(const Query& query) {
  Pending pending;
  Answer& answer = pending.answer;
  answer.line = query.line;
  answer.user = query.user;
  answer.error = query.error;
  if (answer.error.empty() && !query.user) {
    answer.error = concat("line ", query.line, ": expected a user");
  }
  if (!answer.error.empty()) {
    ++num_malformed_;
    return pending;
  }
  Stream* stream = streams_.find(*query.user);
  find_new_items(query, stream, pending);
  if (stream == nullptr &&
      pending.added.items.empty()) {  // a mere question leaves no stream behind
    answer.error = query.history && !query.history->empty() ? "no item of the history is known"
                                                            : "nothing is known of this user yet";
    ++num_unanswered_;
    return pending;
  }
  if (stream == nullptr) {
    stream = &streams_.add(*query.user);
  }
  const auto& [items, times] = pending.added;
  stream->coming.insert(stream->coming.end(), items.begin(), items.end());
  stream->coming_times.insert(stream->coming_times.end(), times.begin(), times.end());
  pending.events_before = stream->coming.size();
  pending.stream = stream;
  ++num_answered_;
  return pending;
}

void StreamSession::find_new_items(const Query& query,
                                   const Stream* stream,
                                   Pending& pending) const {
  if (stream == nullptr && known_) {
    pending.added = known_(*query.user);
  }
  if (!query.history) {
    return;
  }
  KnownItems added = recommender_.look_up(*query.history);
  pending.answer.unknown = added.unknown;
  pending.answer.unknown_ids = std::move(added.unknown_ids);
  const bool repeats = query.repeats_history && (stream != nullptr || !pending.added.items.empty());
  std::size_t first = 0;
  if (repeats) {  // all but the last are in the stream already
    const bool is_known = added.unknown == 0 || recommender_.knows(query.history->back());
    first = added.items.size() - (is_known && !added.items.empty() ? 1 : 0);
  }
  for (std::size_t i = first; i < added.items.size(); ++i) {
    pending.added.items.push_back(added.items[i]);
    if (query.times) {
      pending.added.times.push_back((*query.times)[added.places[i]]);
    }
  }
}

std::vector<std::vector<float>> StreamSession::advance(const std::vector<Pending>& batch) {
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
  position_ = {num_lines_, lines_checksum_.hex()};
  changed_ = changed_ || !batch.empty();
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

eval::ExcludedItems StreamSession::add_seen_items(const std::vector<Pending>& batch) const {
  eval::ExcludedItems excluded;
  for (const Pending& pending : batch) {
    if (pending.stream == nullptr) {
      continue;
    }
    for (const std::int32_t item : pending.added.items) {
      add_seen(pending.stream->seen, item);
    }
    excluded.add_row(recommender_.options().filter_seen ? pending.stream->seen
                                                        : std::vector<std::int32_t>{});
  }
  return excluded;
}

void StreamSession::answer_all(std::vector<Pending>& batch, AnswerWriter& writer, Output& output) {
  const std::vector<std::vector<float>> states = advance(batch);
  auto recommended = recommender_.best(states, add_seen_items(batch));
  auto next = recommended.begin();
  for (Pending& pending : batch) {
    if (pending.stream != nullptr) {
      pending.answer.items = std::move(*next++);
    }
    writer.write(pending.answer, output);
  }
  output.flush();
  batch.clear();
}

void StreamSession::save() {
  if (changed_) {
    streams_.save(path_, model_hash_, position_);
    changed_ = false;
  }
  since_save_.lap();
}

void StreamSession::save_if_due(double save_every_s) {
  if (SaveSignal::received().exchange(false) || since_save_.peek() >= save_every_s) {
    save();
  }
}

}  // namespace elastic::cli
