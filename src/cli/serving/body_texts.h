// The body of a POST as texts of one question or event each, which QueryParser reads.
#pragma once

#include <string_view>
#include <vector>

namespace elastic::cli {

enum class BodyForm {
  kObject,  ///< one object, over any number of lines
  kArray,   ///< [{...}, {...}]
  kLines,   ///< a text per line
};

struct BodyTexts {
  BodyForm form = BodyForm::kLines;
  std::vector<std::string_view> texts;  ///< of the body; for lines, blank ones too
};

/// Splits the body by brackets and quotes alone; the texts need not be JSON. A body that begins
/// with a bracket is an array; one that is a single object, or a line that begins like one, is an
/// object; and others are lines. Throws
/// DataError for an array that does not end, or has no comma between its values.
BodyTexts split_body(std::string_view body);

}  // namespace elastic::cli
