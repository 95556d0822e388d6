// Lays out a text of objects as one object per line.
#pragma once

#include <optional>
#include <string>

#include "data/objects.h"

namespace elastic::data {

/// A text of objects, or of lists.
struct ObjectText {
  ObjectSyntax syntax = ObjectSyntax::kJson;
  bool is_lists = false;  // each line is a list of values, [1, 2, 3]; no line is an object
  std::string problem;    // "line 3: expected ...": no object can be read; else ""
};

/// Rewrites a list of objects, and objects that span several lines or share one, as one object per
/// line. Objects keep the number of the line that they begin in, except where several share a line.
/// Other text among the objects gets a line of its own. A text with an object per line stays as it
/// is. nullopt if the text is blank, or if its first character is neither '{' nor '[' and most of
/// its first lines are no objects. `text` must have '\n' as line end.
std::optional<ObjectText> objects_as_lines(std::string& text);

}  // namespace elastic::data
