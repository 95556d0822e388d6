#include "cli/asking/item_lists.h"

#include <fmt/format.h>

#include <string_view>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/asking/line_reader.h"
#include "data/blanks.h"

namespace elastic::cli {
namespace {

std::vector<std::string> read_ids(const std::string& path) {
  std::vector<std::string> ids;
  LineReader reader(path);
  while (const auto line = reader.next()) {
    if (const std::string_view id = data::stripped(*line); !id.empty()) {
      ids.emplace_back(id);
    }
  }
  return ids;
}

// The known items of a file, sorted. `what` names them in the note about the others.
std::vector<std::int32_t> read_items(const std::string& path,
                                     const char* what,
                                     const Recommender& recommender,
                                     const Notes& note) {
  const std::vector<std::string> ids = read_ids(path);
  KnownItems known = recommender.look_up(ids);
  if (known.unknown > 0 && !known.items.empty()) {
    note(fmt::format("{}: {} of {} {} are unknown: {}{}",
                     path,
                     known.unknown,
                     ids.size(),
                     what,
                     fmt::join(known.unknown_ids, ", "),
                     std::ssize(known.unknown_ids) < known.unknown ? ", ..." : ""));
  } else if (known.items.empty()) {
    throw DataError(path,
                    ": expected item ids, one per line; none of the ",
                    ids.size(),
                    " is known to the model");
  }
  return sorted_distinct(std::move(known.items));
}

}  // namespace

void ItemLists::declare(OptionTable& table) {
  table.add("candidates", &candidates_, "rank only the items in this file, one id per line")
      .flag_only("FILE");
  table.add("exclude", &exclude_, "leave out the items in this file, one id per line")
      .flag_only("FILE");
}

void ItemLists::check() const {
  if (candidates_ == "-" || exclude_ == "-") {
    throw UsageError(candidates_ == "-" ? "--candidates" : "--exclude",
                     ": expected a file; standard input is for the questions");
  }
}

void ItemLists::apply(Recommender& recommender, const Notes& note) const {
  if (!candidates_.empty()) {
    recommender.set_candidates(read_items(candidates_, "candidates", recommender, note));
  }
  if (!exclude_.empty()) {
    recommender.set_excluded(read_items(exclude_, "items", recommender, note));
  }
}

}  // namespace elastic::cli
