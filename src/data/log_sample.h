// Lines of a log that its form is detected from.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// The first lines of a log, and some from its whole length. Blank lines, comments before the first
/// row and Excel's "sep=;" are left out.
struct LogSample {
  std::vector<std::string_view> head;  ///< at least one line, at most 200
  std::vector<std::size_t> numbers;    ///< of the lines of `head`, from 1
  std::vector<std::string_view> rest;  ///< whole lines from the rest of the text
  std::vector<std::string> skipped;    ///< lines to pass over
  std::string commented;               ///< the text of the last comment before the first row
  std::string comment;                 ///< the start of comments; "": there are none
  std::string separator;               ///< from Excel's first line; "": none
};

/// Throws DataError naming `path` if there is no line, or the first ones are not text or too long.
LogSample sample_log(std::string_view text, const std::string& path);

/// Throws DataError: "data: PATH:LINE: expected EXPECTATION, got "the first line"ADVICE".
[[noreturn]] void refuse_first_line(const LogSample& sample,
                                    const std::string& path,
                                    const std::string& expectation,
                                    const std::string& advice = "");

}  // namespace elastic::data
