// The input of `predict`: JSON lines or plain lines.
#include "cli/asking/line_reader.h"
#include "cli/asking/query.h"
#include "fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elastic;
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  for (const auto plain :
       {cli::PlainLine::kUser, cli::PlainLine::kHistory, cli::PlainLine::kEvent}) {
    cli::LineReader reader(file.path());
    std::int64_t lines = 0;
    while (const auto line = reader.next()) {
      const cli::Query query = cli::parse_query(*line, plain, reader.line_number());
      ++lines;
      if (query.line != lines || (query.error.empty() && !query.user && !query.history)) {
        std::abort();
      }
    }
  }
  return 0;
}
