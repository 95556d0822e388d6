// The input of `predict`: JSON lines or plain lines.
#include "cli/asking/line_reader.h"
#include "cli/asking/query.h"
#include "fuzz_target.h"

namespace {

using namespace elastic;

// The forms of lines: of a run without a log's form, of a table and of objects.
std::vector<std::optional<data::LogFormat>> logs() {
  data::LogFormat table;
  table.syntax.separator = ",";
  table.columns = {{data::Role::kUser, 0}, {data::Role::kItem, 1, "", "["}};
  table.num_columns = 2;
  data::LogFormat objects;
  objects.layout = data::Layout::kObjects;
  objects.columns = {{data::Role::kUser, 0, "user"}, {data::Role::kItem, 0, "events.item"}};
  return {std::nullopt, table, objects};
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const fuzz::MemoryFile file(fuzz::text_of(data, size));
  for (const auto& log : logs()) {
    for (const auto plain :
         {cli::PlainLine::kAny, cli::PlainLine::kHistory, cli::PlainLine::kEvent}) {
      cli::QueryParser parser(plain, log);
      cli::LineReader reader(file.path());
      std::int64_t lines = 0;
      while (const auto line = reader.next()) {
        const auto query = parser.parse(*line, reader.line_number());
        ++lines;
        if (query && (query->line != lines ||
                      (query->error.empty() && !query->user && !query->history && !query->item))) {
          std::abort();
        }
      }
    }
  }
  return 0;
}
