// Formats of times. The first line is a pattern of --time-format, each other line a value.
#include <algorithm>
#include <vector>

#include "data/time_format.h"
#include "fuzz_target.h"

namespace {

using elastic::data::Moment;
using elastic::data::TimeFormat;

void check_format(const TimeFormat& format, const std::vector<std::string_view>& values) {
  if (TimeFormat::from_text(format.text()) != format || format.describe().empty()) {
    std::abort();
  }
  for (const std::string_view value : values) {
    const auto moment = format.parse(value);
    if (moment && moment->billionths >= elastic::data::kBillion) {
      std::abort();
    }
    (void)format.write(moment.value_or(Moment{}));
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = elastic::fuzz::text_of(data, size);
  std::vector<std::string_view> values;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    values.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  const std::string pattern(values.front());
  values.erase(values.begin());
  elastic::fuzz::refused_at_most([&] { check_format(TimeFormat::parse_pattern(pattern), values); });
  for (const auto& detected :
       {TimeFormat::detect(values), TimeFormat::detect_time_of_day(values)}) {
    if (detected.format) {
      check_format(*detected.format, values);
    }
  }
  (void)elastic::data::looks_like_epoch(values);
  return 0;
}
