// Detects the form of a log from its lines.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "data/log_format.h"
#include "data/object_lines.h"
#include "data/read_options.h"

namespace elastic::data {

/// A log's form, with remarks for people.
struct DetectedFormat {
  LogFormat format;
  std::vector<std::string> notes;
};

/// Detects the form of `text`, which `objects` describes if it holds objects or lists. `path` is
/// for messages. Throws DataError if the text is empty or cannot be read with certainty, UsageError
/// if the options do not match it; the messages name the option that helps.
DetectedFormat detect_format(std::string_view text,
                             const std::optional<ObjectText>& objects,
                             const std::string& path,
                             const ReadOptions& options);

}  // namespace elastic::data
