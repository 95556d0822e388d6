// Dates and times by a pattern as of strptime and strftime, through the library `date`.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "data/moment.h"

namespace elastic::data {

struct PatternMatch {
  Moment moment;          ///< in seconds since 1970 UTC; midnight without a time of day
  std::string_view rest;  ///< the text after the match
};

/// Matches the start of `text` with directives in English: %a %b %d %j %m %Y %y %H %I %M %S %p %z
/// %Z. %S reads up to nine digits after a decimal point; %z reads +0200 and +02, %Z only UTC and
/// GMT. None unless the text gives a date of the years 1000 to 9999.
std::optional<PatternMatch> match_pattern(std::string_view text, const std::string& pattern);

/// Writes a time in seconds since 1970, with nine digits of its fraction if it is not 0. A time
/// outside of the years 1000 to 9999 becomes "".
std::string write_pattern(const Moment& seconds, const std::string& pattern);

}  // namespace elastic::data
