// Logs of objects. The first byte chooses the syntax and whether the text is laid out as lines
// first; the rest is the text.
#include "data/object_lines.h"
#include "data/objects.h"
#include "data/utf8.h"
#include "fuzz_target.h"

namespace elastic::fuzz {
namespace {

void check_record(const data::Record& record, std::size_t num_keys) {
  if (record.size() != num_keys) {
    std::abort();
  }
  for (const data::FieldValues& values : record) {
    if (!values.is_list && values.entries.size() > 1) {
      std::abort();
    }
    for (const std::string_view entry : values.entries) {
      if (!data::is_valid_utf8(entry)) {
        std::abort();
      }
    }
  }
}

// A reader must not remember earlier lines, so `reader` and a new one must agree.
void read_line(data::ObjectReader& reader,
               data::ObjectSyntax syntax,
               const std::vector<std::string>& keys,
               std::string_view line) {
  data::Record record;
  const std::string problem = reader.read(line, record);
  data::ObjectReader other(syntax, keys);
  data::Record again;
  if (other.read(line, again) != problem) {
    std::abort();
  }
  if (problem.empty()) {
    check_record(record, keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
      if (record[i].entries != again[i].entries) {
        std::abort();
      }
    }
  }
  const auto found = data::flatten_object(syntax, line);
  if (!found) {
    if (problem.empty()) {
      std::abort();  // what can be read can be detected
    }
    return;
  }
  std::vector<std::string> found_keys;
  for (const data::KeyValues& values : *found) {
    found_keys.push_back(values.key);
  }
  data::ObjectReader all(syntax, found_keys);
  if (all.read(line, record).empty()) {
    check_record(record, found_keys.size());
  }
}

}  // namespace
}  // namespace elastic::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace elastic;
  if (size < 1) {
    return 0;
  }
  std::string text(fuzz::text_of(data + 1, size - 1));
  auto syntax = (data[0] & 1U) != 0 ? data::ObjectSyntax::kPython : data::ObjectSyntax::kJson;
  if ((data[0] & 2U) != 0) {
    const auto found = data::objects_as_lines(text);
    syntax = found ? found->syntax : syntax;
  }
  const std::vector<std::string> keys = {"a", "a.a", "user", "events.aid", "d.k.e", "l"};
  data::ObjectReader reader(syntax, keys);
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    fuzz::read_line(reader, syntax, keys, rest.substr(0, end));
    rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  }
  return 0;
}
