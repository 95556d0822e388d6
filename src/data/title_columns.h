// Which columns of a file of items hold the ids and the titles, by their names and values.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "data/column_roles.h"
#include "data/column_sample.h"

namespace elastic::data {

/// How surely a name is that of the titles of the items whose ids are called `id_name`; 0 is the
/// surest. Of track_id: title, track_title; name, track_name, track; album_title; original_title;
/// artist_name; English name; song. None for others, such as category_name.
std::optional<int> rank_of_title(std::string_view name, std::string_view id_name = "");
constexpr int kTitleNames = 5;  ///< the last rank of names that say title or name

/// How surely a name is that of the ids. None for names of users, times, ratings and attributes.
std::optional<int> rank_of_id(std::string_view name);
constexpr int kIdNames = 3;  ///< the last rank of names that say id, or are known ids (asin)

/// How well the values of a column fit the items of the data.
struct IdMatches {
  std::size_t column = 0;
  std::size_t items = 0;  ///< items of the data among the values
  std::size_t rows = 0;   ///< rows whose value is an item of the data
};

/// The columns that may hold ids.
std::vector<std::size_t> id_candidates(const std::vector<ColumnSample>& columns);

/// The column of the ids: the one with most items, and among columns with almost as many the one
/// whose name is surest. None if no column has items, or only a few that recur, such as flags.
std::optional<std::size_t> choose_id_column(const std::vector<ColumnSample>& columns,
                                            const std::vector<IdMatches>& matches);

/// The column of the titles: the one that is called so, else the longest and most distinct text
/// that is no web address, date, list or category.
std::optional<std::size_t> choose_title_column(const std::vector<ColumnSample>& columns,
                                               std::size_t id_column);

}  // namespace elastic::data
