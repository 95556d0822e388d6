// Config files of `train`, through the option table.
#include "cli/usage/argument_parser.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elastic;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  const std::string path = file.path();
  const char* const arguments[] = {"elastic", "train", "--config", path.c_str()};
  const char* const environment[] = {nullptr};
  fuzz::refused_at_most([&] {
    cli::ArgumentParser parser;
    const cli::BoundCommand* chosen = parser.parse(4, arguments, environment);
    if (chosen == nullptr || chosen->table.print_config().empty()) {
      std::abort();
    }
  });
  return 0;
}
