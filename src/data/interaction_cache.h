// A cache of parsed logs, so that large ones are parsed only once.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/format.h"
#include "data/interactions.h"
#include "data/read_options.h"

namespace elastic::data {

/// Smaller inputs, in bytes, are not cached: parsing them is as quick as reading the cache.
inline constexpr std::size_t kLeastCachedBytes = std::size_t{1} << 20;

/// The entry of one input in a cache folder. Its name and header contain a hash of the input's
/// bytes and of all options that parsing depends on. A damaged or foreign file in its place is
/// ignored by `read`, with a note, and replaced by `write`.
class InteractionCache {
 public:
  /// Without a folder, or for a small input, there is no entry: reading and writing do nothing.
  InteractionCache(const std::string& folder, std::string_view input, const ReadOptions& options);

  /// True if the entry was read; `log` is then as after parsing, except for its path.
  bool read(Interactions& log) const;
  /// Writes the entry, and creates the folder if needed. A failure, for instance of the disk, only
  /// adds a note to the log.
  void write(Interactions& log) const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;  ///< "": no entry
  std::string key_;
};

/// The default cache folder: `elastic` in $XDG_CACHE_HOME, else in ~/.cache; "" if neither is set.
std::string default_cache_folder();

}  // namespace elastic::data
