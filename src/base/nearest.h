// "Did you mean": the known name closest to a mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace elastic {

/// The number of insertions, deletions, substitutions and swaps of neighbours that turn `a` into
/// `b`.
std::size_t edit_distance(const std::string& a, const std::string& b);

/// The candidate nearest to `name` (the first among equals), or "" if none is within an edit
/// distance of max(2, a third of the name's length). Upper and lower case are equal.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

/// "; did you mean X?" for messages: the candidate that other programs call `name` (name_here),
/// else the nearest; "" if there is neither.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace elastic
