// Objects with an item per key: {"B0": {"title": "Heat"}, ...} or {"B0": "Heat", ...}.
#pragma once

#include <string>

#include "data/dataset.h"

namespace elastic::data {

/// If `text` is one JSON object in which a key is an item of `dataset`, rewrites it as one object
/// per line, each with its key under "key", and a text as value under "title". Else it stays.
void item_map_as_lines(std::string& text, const Dataset& dataset);

}  // namespace elastic::data
