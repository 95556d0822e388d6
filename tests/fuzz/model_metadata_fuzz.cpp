// model.safetensors of a run, as `predict` opens it: the metadata, the config in it, and its sizes
// against the tensors. A model that is accepted answers a question.
#include "cli/asking/recommender.h"
#include "fuzz_target.h"
#include "run_folder.h"
#include "train/saved_model.h"

namespace {

using namespace elastic;

void answer(train::SavedModel saved) {
  constexpr std::int32_t kItem = 1;
  const std::vector<std::int32_t> history(5, kItem);
  const std::int64_t num_items = saved.model->config().num_items;
  cli::Recommender recommender(std::move(saved.model), fuzz::numbered_items(num_items), {});
  const auto answers = recommender.recommend({{history}, {{}, kItem}});
  if (answers.size() != 2) {
    std::abort();
  }
  if (Streaming* streaming = recommender.model().streaming()) {
    StreamStates states = streaming->new_streams(1);
    data::BatchBuilder builder;
    builder.add(history, static_cast<std::int64_t>(history.size()));
    (void)streaming->advance(builder.build(Device::kCpu), states);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  fuzz::refused_at_most([&] { (void)train::read_model_info(file.path()); });
  fuzz::refused_at_most([&] { answer(train::read_model(file.path())); });
  return 0;
}
