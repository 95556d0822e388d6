// streams.safetensors of a run: the states of `predict --stream`.
#include "cli/asking/recommender.h"
#include "cli/asking/streams.h"
#include "data/json_document.h"
#include "fuzz_target.h"
#include "run_folder.h"
#include "tensor/safetensors.h"

namespace {

using namespace elastic;

constexpr const char* kModelHash = "model";

std::vector<cli::Stream*> users_of(const std::string& path, cli::Streams& streams) {
  std::vector<cli::Stream*> users;
  for (const auto& name : data::parse_json(read_safetensors(path).metadata_at("users"))) {
    users.push_back(streams.find(name.get<std::string>()));
    if (users.back() == nullptr) {
      std::abort();
    }
  }
  return users;
}

// Each state reads one more event, and the file of the new states can be read again.
void check_states(cli::Recommender& recommender,
                  cli::Streams& streams,
                  const std::vector<cli::Stream*>& users) {
  static const fuzz::RunFolder run;
  for (cli::Stream* user : users) {
    user->coming = {1};
  }
  const std::vector<std::vector<float>> states = streams.advance(users);
  streams.save(run.file("streams.safetensors"), kModelHash, {1, "checksum"});
  cli::Streams again(recommender.model());
  const cli::StreamPosition position = again.load(run.file("streams.safetensors"), kModelHash);
  if (states.size() != users.size() || again.size() != streams.size() || position.lines != 1) {
    std::abort();
  }
  std::vector<std::vector<std::int32_t>> excluded;
  for (const cli::Stream* user : users) {
    excluded.push_back(user->seen);
  }
  (void)recommender.best(states, excluded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static cli::Recommender recommender(fuzz::streaming_model(), fuzz::numbered_items(6), {});
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  fuzz::refused_at_most([&] {
    cli::Streams streams(recommender.model());
    const cli::StreamPosition position = streams.load(file.path(), kModelHash);
    if (position.lines < 0) {
      std::abort();
    }
    check_states(recommender, streams, users_of(file.path(), streams));
  });
  return 0;
}
