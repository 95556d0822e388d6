// Parses lists and ranges of lengths on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace elastic::profile {

/// Parses "256", "256,1k,2m", "256-65536*4" (from first to last, times 4) or "100-500+100"; k is
/// 1024, m is 1024^2 and g is 1024^3. Throws UsageError naming `flag` and the invalid part, for a
/// number above `most`, and for more than 10000 numbers.
std::vector<std::int64_t> parse_lengths(const std::string& flag,
                                        const std::string& text,
                                        std::int64_t most);

/// Parses a number of bytes: "512M", "8G", "65536"; k, M and G are powers of 1024. Throws
/// UsageError naming `flag`.
std::size_t parse_bytes(const std::string& flag, const std::string& text);

}  // namespace elastic::profile
