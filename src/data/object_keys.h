// The keys of some objects as columns, with their values.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "data/column_roles.h"
#include "data/column_sample.h"
#include "data/objects.h"

namespace elastic::data {

/// The keys in the order of appearance. The columns refer to `values`.
struct ObjectKeys {
  std::vector<ColumnSample> columns;
  std::vector<std::string> lists;  ///< by column: "[" for a list, else ""
  std::deque<std::string> values;
};

/// The keys of the objects in `lines`, one per line. Lines without an object are passed over.
ObjectKeys keys_of(const std::vector<std::string_view>& lines, ObjectSyntax syntax);

}  // namespace elastic::data
