// The meaning of a column by its name in a header, or by its key in objects.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace elastic::data {

/// What a name says about its column. Ranks order the columns of one meaning: 0 is the surest.
struct NameMeaning {
  std::optional<int> user;
  std::optional<int> item;
  std::optional<int> time;
  std::optional<int> rating;
  bool list = false;       ///< of items: item_id_list, history
  bool attribute = false;  ///< a price, a city, a count: none of these
};

NameMeaning meaning_of(std::string_view name);

/// The words of a name in lower case: "lastWatch_dt" is last, watch, dt. A RecBole type such as
/// ":token" in "user_id:token" is dropped.
std::vector<std::string> words_of(std::string_view name);

}  // namespace elastic::data
