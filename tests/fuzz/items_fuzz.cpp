// items.tsv of a run.
#include "fuzz_target.h"
#include "run_folder.h"
#include "train/items_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elastic;
  static const fuzz::RunFolder run;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  fuzz::refused_at_most([&] {
    const std::vector<train::ItemName> items = train::read_items(file.path());
    train::write_items(run.file(train::kItemsFile), items);
    if (train::read_items(run.file(train::kItemsFile), train::hash_of_items(items)) != items) {
      std::abort();  // items that were read can be written
    }
  });
  return 0;
}
