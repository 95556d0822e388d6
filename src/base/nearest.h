// "Did you mean": the known name closest to a mistyped one.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace elastic {

/// Insertions, deletions, substitutions and swaps of neighbours that turn one into the other.
std::size_t edit_distance(const std::string& a, const std::string& b);

/// The candidate nearest to `name` (the first among equals), or "" when none is close enough to be
/// what was meant: at most a third of its letters differ, and always up to two.
std::string nearest(const std::string& name, const std::vector<std::string>& candidates);

/// "; did you mean X?" for messages, or "" when nothing is close.
std::string did_you_mean(const std::string& name, const std::vector<std::string>& candidates);

}  // namespace elastic
