// Parsed logs kept in files, so that a large one need not be parsed each time.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "data/format.h"
#include "data/interactions.h"

namespace elastic::data {

/// Inputs of fewer bytes are parsed as quickly as they would be found.
inline constexpr std::size_t kLeastCachedBytes = std::size_t{1} << 20;

/// The entry of one input in a cache folder. Its name and its header hold a hash of the input's
/// bytes and of all options that parsing depends on. A file that is not such an entry, or not
/// whole, is left alone when reading, with a note, and replaced when writing.
class InteractionCache {
 public:
  /// No entry, so that reading and writing do nothing, without a folder or with a small input.
  InteractionCache(const std::string& folder, std::string_view input, const ReadOptions& options);

  /// True if the entry was there: then `log` is what parsing would make of it, path excepted.
  bool read(Interactions& log) const;
  /// Makes the entry, and the folder where need be. A failure, for instance of the disk, is no more
  /// than a note of the log.
  void write(Interactions& log) const;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;  ///< "": no entry
  std::string key_;
};

/// Where caches live unless told: elastic in $XDG_CACHE_HOME, else in ~/.cache; "" without either.
std::string default_cache_folder();

}  // namespace elastic::data
