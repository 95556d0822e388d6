#include "profile/lengths.h"

#include <charconv>

#include "base/error.h"
#include "base/option_range.h"
#include "base/split_list.h"

namespace elastic::profile {
namespace {

constexpr std::size_t kMostNumbers = 10000;

[[noreturn]] void refuse(const std::string& flag, const std::string& text) {
  throw UsageError(
      flag, ": expected numbers such as 256, 4k, 256-65536*4 or 100-500+100, got '", text, "'");
}

// Parses a positive number with an optional suffix.
std::int64_t parse_number(const std::string& flag, const std::string& text) {
  std::int64_t value = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  std::int64_t unit = 1;
  if (end != last) {
    const char suffix = *end;
    unit = suffix == 'k' || suffix == 'K'   ? std::int64_t{1} << 10
           : suffix == 'm' || suffix == 'M' ? std::int64_t{1} << 20
           : suffix == 'g' || suffix == 'G' ? std::int64_t{1} << 30
                                            : 0;
  }
  constexpr std::int64_t kMost = std::int64_t{1} << 50;
  if (error != std::errc() || last - end > 1 || unit == 0 || value <= 0 || value > kMost / unit) {
    refuse(flag, text);
  }
  return value * unit;
}

std::int64_t parse_length(const std::string& flag, const std::string& text, std::int64_t most) {
  const std::int64_t length = parse_number(flag, text);
  check_range(Range{1, most}, length, flag);
  return length;
}

void append_range(const std::string& flag,
                  const std::string& part,
                  std::int64_t most,
                  std::vector<std::int64_t>& out) {
  const std::size_t dash = part.find('-');
  if (dash == std::string::npos) {
    out.push_back(parse_length(flag, part, most));
    return;
  }
  const std::size_t step_at = part.find_first_of("*+", dash);
  if (step_at == std::string::npos) {
    refuse(flag, part);
  }
  const std::int64_t first = parse_length(flag, part.substr(0, dash), most);
  const std::int64_t last = parse_length(flag, part.substr(dash + 1, step_at - dash - 1), most);
  const std::int64_t step = parse_length(flag, part.substr(step_at + 1), most);
  const bool times = part[step_at] == '*';
  if (first > last || (times && step < 2)) {
    refuse(flag, part);
  }
  for (std::int64_t at = first; at <= last; at = times ? at * step : at + step) {
    out.push_back(at);
    if (out.size() > kMostNumbers) {
      throw UsageError(
          flag, ": expected at most ", kMostNumbers, " numbers, got more in '", part, "'");
    }
  }
}

}  // namespace

std::vector<std::int64_t> parse_lengths(const std::string& flag,
                                        const std::string& text,
                                        std::int64_t most) {
  std::vector<std::int64_t> lengths;
  for (const std::string& part : split_list(text)) {
    append_range(flag, part, most, lengths);
  }
  return lengths;
}

std::size_t parse_bytes(const std::string& flag, const std::string& text) {
  return static_cast<std::size_t>(parse_number(flag, text));
}

}  // namespace elastic::profile
