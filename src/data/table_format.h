// The form of a table: separator, header, columns.
#pragma once

#include <string>

#include "data/format.h"
#include "data/log_sample.h"
#include "data/read_options.h"

namespace elastic::data {

/// Throws as detect_format.
DetectedFormat table_format(const LogSample& sample,
                            const std::string& path,
                            const ReadOptions& options);

}  // namespace elastic::data
