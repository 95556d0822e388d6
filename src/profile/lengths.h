// Lists and ranges of lengths on the command line.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace elastic::profile {

/// "256", "256,1k,2m", "256-65536*4" (times 4 from the first to the last), "100-500+100"; k is 1024
/// and m 1048576. Throws UsageError naming `flag` and the part that cannot be read.
std::vector<std::int64_t> parse_lengths(const std::string& flag, const std::string& text);

/// Bytes: "512M", "8G", "65536"; k, M and G are powers of 1024. Throws UsageError naming `flag`.
std::size_t parse_bytes(const std::string& flag, const std::string& text);

/// "a,b,c" to its parts.
std::vector<std::string> parse_list(const std::string& text);

}  // namespace elastic::profile
