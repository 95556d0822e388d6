// The form of logs with a user's whole history on a line.
#pragma once

#include <optional>
#include <string>

#include "data/format.h"
#include "data/log_sample.h"
#include "data/read_options.h"

namespace elastic::data {

/// Sequences or histories, if the options ask for them or the lines vary in length; else none.
/// Throws DataError if they are asked for but the lines are rows of a table.
std::optional<DetectedFormat> line_format(const LogSample& sample,
                                          const std::string& path,
                                          const ReadOptions& options);

}  // namespace elastic::data
