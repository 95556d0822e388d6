// Interaction files of all formats, compressed or not, and files of titles. The first byte chooses
// the options, the rest is the file.
#include "data/data_config.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elastic;
  if (size < 1) {
    return 0;
  }
  const std::uint8_t choice = data[0];
  const fuzz::MemoryFile file(fuzz::text_of(data + 1, size - 1));
  data::DataConfig config;
  config.data = {file.path()};
  config.items = (choice & 1U) != 0 ? file.path() : "";
  config.read.on_bad_row = (choice & 2U) != 0 ? data::BadRows::kSkip : data::BadRows::kError;
  config.filters.drop_duplicates =
      (choice & 4U) != 0 ? data::Duplicates::kAll : data::Duplicates::kNone;
  config.filters.min_item_events = (choice & 8U) != 0 ? 2 : 1;
  constexpr data::FileFormat kFormats[] = {data::FileFormat::kAuto,
                                           data::FileFormat::kSequences,
                                           data::FileFormat::kHistories,
                                           data::FileFormat::kTable};
  config.read.format = kFormats[(choice >> 4U) & 3U];
  config.read.max_bad_rows = (choice & 64U) != 0 ? 1.0 : 0.05;
  fuzz::refused_at_most([&] {
    const data::LoadedData loaded = data::load_data(config);
    const data::Split split(loaded.dataset);
    if (split.num_users() < 1 || split.num_items() < 1) {
      std::abort();  // data without users or items must be refused
    }
    for (std::int64_t user = 0; user < split.num_users(); ++user) {
      for (const std::int32_t item : split.dataset().sequence(user)) {
        if (item < 1 || item > split.num_items()) {
          std::abort();
        }
      }
    }
    (void)data::describe(loaded, split);
  });
  return 0;
}
