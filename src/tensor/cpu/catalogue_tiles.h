// The tiling of rows and catalogue items.
#pragma once

#include <algorithm>
#include <cstdint>

namespace elastic::cpu {

/// Rows of a block: the columns of its scores, [items, rows].
inline constexpr std::int64_t kBlockRows = 64;
/// Items of a tile.
inline constexpr std::int64_t kItemTile = 128;

/// Calls body(first, count) for tiles of the items begin..end-1, in ascending order.
template <class Body>
void for_item_tiles(std::int64_t begin, std::int64_t end, const Body& body) {
  for (std::int64_t first = begin; first < end; first += kItemTile) {
    body(first, std::min(kItemTile, end - first));
  }
}

}  // namespace elastic::cpu
