// The form of a log of objects.
#pragma once

#include <string>

#include "data/column_roles.h"
#include "data/column_sample.h"
#include "data/format.h"
#include "data/log_sample.h"
#include "data/read_options.h"

namespace elastic::data {

/// Chooses among the keys of the sampled objects. Throws as detect_format.
DetectedFormat object_format(const LogSample& sample,
                             const ObjectText& objects,
                             const std::string& path,
                             const ReadOptions& options);

/// Adds the columns of `roles` and of --keep to `format`. `columns` holds every column of the log;
/// `lists`, of the same length, how lists in them are written, "" for none.
void add_columns(const std::vector<ColumnSample>& columns,
                 const std::vector<std::string>& lists,
                 const ColumnRoles& roles,
                 const ReadOptions& options,
                 const std::string& path,
                 LogFormat& format);

}  // namespace elastic::data
