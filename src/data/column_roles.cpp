#include "data/column_roles.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "data/asked_columns.h"
#include "data/column_facts.h"
#include "data/fields.h"
#include "data/find_column.h"
#include "data/time_role.h"

namespace elastic::data {
namespace {

constexpr const char* kNone = "-";  // the value of an option: the log has no such column

// The columns of a log, with the roles that were found so far.
class RoleChooser {
 public:
  RoleChooser(const std::vector<ColumnSample>& columns,
              const ReadOptions& options,
              const std::string& path)
      : columns_(columns),
        facts_(columns),
        meanings_(facts_.meanings),
        contents_(facts_.contents),
        options_(options),
        path_(path),
        asked_(asked_columns(options)) {}

  ColumnRoles choose() {
    if (asked_.num_positions > 0 && asked_.num_positions != columns_.size()) {
      throw UsageError("--columns: ",
                       path_,
                       " has ",
                       columns_.size(),
                       " columns, got names of ",
                       asked_.num_positions,
                       ": '",
                       options_.columns,
                       "'; write - for a column to ignore, or name columns as user=2,item=5");
    }
    take_asked();
    if (facts_.has_names) {
      choose_by_name();
    } else {
      choose_by_position();
    }
    refuse_times("user", roles_.user);
    refuse_times("item", item_);
    roles_.item = *item_;
    choose_named_rating();
    choose_time(facts_, options_, path_, asked_.time != kNone, roles_);
    choose_rating();
    note_passed_over();
    return std::move(roles_);
  }

 private:
  [[nodiscard]] bool is_free(std::size_t at) const {
    return roles_.user != at && item_ != at && roles_.rating != at && roles_.time != at &&
           roles_.time_of_day != at;
  }

  void take_asked() {
    const auto find = [&](const std::string& text, const char* role) {
      return text.empty() || text == kNone
                 ? std::nullopt
                 : std::optional(find_column(text, columns_, concat("--", role, "-column"), path_));
    };
    roles_.user = find(asked_.user, "user");
    item_ = find(asked_.item, "item");
    roles_.rating = find(asked_.rating, "rating");
    if (const std::size_t plus = asked_.time.find('+');
        plus != std::string::npos && !has_column(asked_.time)) {
      roles_.time = find(asked_.time.substr(0, plus), "time");
      roles_.time_of_day = find(asked_.time.substr(plus + 1), "time");
    } else {
      roles_.time = find(asked_.time, "time");
    }
  }

  [[nodiscard]] bool has_column(const std::string& name) const {
    return std::any_of(columns_.begin(), columns_.end(), [&](const ColumnSample& column) {
      return column.name == name;
    });
  }

  // The free column whose name means the role most surely; columns that are mostly empty or the
  // same in all rows come last.
  std::optional<std::size_t> best_by_name(std::optional<int> NameMeaning::*rank) const {
    std::optional<std::size_t> best;
    const auto key = [&](std::size_t at) {
      const ColumnContent& content = contents_[at];
      return std::tuple(
          2 * content.filled < content.count, is_constant(at), *(meanings_[at].*rank));
    };
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (meanings_[at].*rank && is_free(at) && contents_[at].filled > 0 &&
          (!best || key(at) < key(*best))) {
        best = at;
      }
    }
    return best;
  }

  [[nodiscard]] bool is_constant(std::size_t at) const {
    constexpr std::size_t kEnough = 10;
    return contents_[at].distinct <= 1 && contents_[at].filled >= kEnough;
  }

  // The only free column that may hold ids, if its name means nothing else.
  std::optional<std::size_t> only_other() const {
    std::optional<std::size_t> found;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      const NameMeaning& meaning = meanings_[at];
      const ColumnContent& content = contents_[at];
      const bool fits = is_free(at) && !meaning.time && !meaning.rating && !meaning.user &&
                        !meaning.item && content.filled == content.count &&
                        !content.looks_like_time() && !content.looks_like_measure() &&
                        !is_constant(at) && !facts_.counts_rows(at) &&
                        !(meaning.attribute && content.looks_like_rating());
      if (fits && found) {
        return std::nullopt;
      }
      found = fits ? at : found;
    }
    return found && meanings_[*found].attribute ? std::nullopt : found;
  }

  void choose_by_name() {
    const bool has_user = asked_.user != kNone;
    if (!roles_.user && has_user) {
      roles_.user = best_by_name(&NameMeaning::user);
    }
    if (!item_) {
      item_ = best_by_name(&NameMeaning::item);
      take_finer_item();
    }
    const bool lists = item_ && columns_[*item_].is_list;
    if (!roles_.user && !item_ && has_user) {
      refuse_missing("user", "--user-column");
    }
    if (!roles_.user && has_user) {
      roles_.user = only_other();
      note_guess("users", roles_.user);
      if (!roles_.user && !lists) {
        refuse_missing("user", "--user-column");
      }
    }
    if (!item_) {
      item_ = only_other();
      note_guess("items", item_);
    }
    if (!item_) {
      refuse_missing("item", "--item-column");
    }
  }

  // Of two columns whose names are as sure, the one whose values the other groups.
  void take_finer_item() {
    for (std::size_t at = 0; item_ && at < columns_.size(); ++at) {
      if (is_free(at) && meanings_[at].item == meanings_[*item_].item && !is_constant(at) &&
          columns_[at].is_list == columns_[*item_].is_list && facts_.determines(at, *item_) &&
          !facts_.determines(*item_, at)) {
        item_ = at;
      }
    }
  }

  void note_guess(const char* role, std::optional<std::size_t> at) {
    if (at) {
      roles_.notes.push_back(
          concat(facts_.shown(*at), " is taken for the ", role, ": no other column fits"));
    }
  }

  // A free column that may hold ids; the fewer other things its name means, the better.
  std::optional<std::size_t> proposal(std::optional<std::size_t> except) const {
    std::optional<std::size_t> best;
    const auto key = [&](std::size_t at) {
      const ColumnContent& content = contents_[at];
      return std::tuple(is_constant(at) || facts_.counts_rows(at),
                        content.filled < content.count,
                        meanings_[at].attribute,
                        content.distinct == content.count);
    };
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      const NameMeaning& meaning = meanings_[at];
      const ColumnContent& content = contents_[at];
      const bool fits = is_free(at) && at != except && !content.looks_like_time() &&
                        !content.looks_like_measure() && !meaning.time && !meaning.rating &&
                        !meaning.user && !meaning.item && content.filled > 0;
      if (fits && (!best || key(at) < key(*best))) {
        best = at;
      }
    }
    return best;
  }

  [[noreturn]] void refuse_missing(const char* role, const char* option) const {
    const auto shown_option = [&](const char* name, std::optional<std::size_t> at) {
      return concat(name, " ", at ? facts_.argument(*at) : std::string("NAME"));
    };
    const auto first = proposal(std::nullopt);
    std::string example = shown_option(option, first);
    const bool both = !item_ && !roles_.user && asked_.user != kNone;
    if (both) {
      example += concat(" ", shown_option("--item-column", proposal(first)));
    }
    throw DataError("data: ",
                    path_,
                    ": no column is called as ",
                    both ? "users or items" : concat(role, "s"),
                    " are; the columns are ",
                    facts_.names(),
                    both ? "; name them, for example: " : "; name it, for example: ",
                    example);
  }

  // A free column that may hold ids, by its values.
  [[nodiscard]] bool may_hold_ids(std::size_t at) const {
    const ColumnContent& content = contents_[at];
    return is_free(at) && content.filled > 0 && !content.looks_like_time() &&
           !content.looks_like_measure();
  }

  // The first column that may hold ids, from `from` on; not one that is the same in all rows, or
  // counts the rows, if there is another.
  std::optional<std::size_t> next_ids(std::size_t from) const {
    for (std::size_t at = from; at < columns_.size(); ++at) {
      const bool counts = columns_.size() > 2 && facts_.counts_rows(at);
      if (may_hold_ids(at) && !is_constant(at) && !counts) {
        return at;
      }
    }
    for (std::size_t at = from; at < columns_.size(); ++at) {
      if (may_hold_ids(at)) {
        return at;
      }
    }
    return std::nullopt;
  }

  // Without names: the first column that can hold ids is the user's, the next one the item's.
  void choose_by_position() {
    const bool has_user = asked_.user != kNone && columns_.size() > 1;
    if (!roles_.user && has_user) {
      roles_.user = next_ids(0);
      require_users_rather_than_kinds();
    }
    if (!item_) {
      item_ = next_ids(roles_.user && asked_.user.empty() ? *roles_.user + 1 : 0);
      skip_rating();
      require_finest_item();
    }
    if (!item_ || (has_user && !roles_.user)) {
      throw DataError("data: ",
                      path_,
                      ": found no column of ",
                      roles_.user ? "items" : "users",
                      " among the ",
                      columns_.size(),
                      "; name the columns by number, for example: --user-column 1 --item-column 2");
    }
    if (asked_.user.empty() && asked_.item.empty() && roles_.user &&
        looks_like_asin(*roles_.user) && looks_like_reviewer(*item_)) {
      std::swap(*roles_.user, *item_);
      roles_.notes.emplace_back(
          "the items are in the column before the users, as their ids are Amazon's");
    }
  }

  // Kinds of events, countries, stars.
  [[nodiscard]] bool has_few_values(std::size_t at) const {
    constexpr std::size_t kMost = 11;
    constexpr std::size_t kFewestRows = 50;
    return contents_[at].distinct <= kMost && contents_[at].filled >= kFewestRows;
  }

  // Refuses to guess if two later columns than the first hold many more ids.
  void require_users_rather_than_kinds() const {
    if (!roles_.user || !has_few_values(*roles_.user)) {
      return;
    }
    std::vector<std::size_t> others;
    for (std::size_t at = *roles_.user + 1; at < columns_.size(); ++at) {
      const ColumnContent& content = contents_[at];
      if (may_hold_ids(at) && content.distinct > 2 * contents_[*roles_.user].distinct &&
          content.distinct < content.filled) {
        others.push_back(at + 1);
      }
    }
    if (others.size() >= 2) {
      throw DataError(
          "data: ",
          path_,
          ": column ",
          *roles_.user + 1,
          " has few values, so it may be another thing than the users: choose by --user-column ",
          *roles_.user + 1,
          ", or for example --user-column ",
          others[0],
          " --item-column ",
          others[1]);
    }
  }

  // Refuses to guess if a later column may be the items, and the chosen one a group of them: an
  // artist before the tracks, a category before the products.
  void require_finest_item() const {
    std::string finer;
    for (std::size_t at = item_ ? *item_ + 1 : columns_.size(); at < columns_.size(); ++at) {
      const bool groups = facts_.determines(at, *item_) && !facts_.determines(*item_, at);
      const bool kinds = has_few_values(*item_) && contents_[at].distinct < contents_[at].filled &&
                         contents_[at].distinct > 2 * contents_[*item_].distinct;
      if (may_hold_ids(at) && (groups || kinds)) {
        finer += concat(" or --item-column ", at + 1);
      }
    }
    if (!finer.empty()) {
      throw DataError("data: ",
                      path_,
                      ": several columns may be the items, and column ",
                      *item_ + 1,
                      " seems to be a group or a kind: choose by --user-column ",
                      roles_.user ? *roles_.user + 1 : 1,
                      " --item-column ",
                      *item_ + 1,
                      finer);
    }
  }

  // Stars before the items, as in "user,stars,item".
  void skip_rating() {
    constexpr std::size_t kMostStars = 11;
    if (!item_ || contents_[*item_].distinct > kMostStars ||
        !contents_[*item_].looks_like_rating() || contents_[*item_].greatest > 10.0) {
      return;
    }
    for (std::size_t at = *item_ + 1; at < columns_.size(); ++at) {
      const ColumnContent& content = contents_[at];
      if (may_hold_ids(at) && content.distinct > 3 * kMostStars &&
          content.distinct < content.filled) {
        item_ = at;
        return;
      }
    }
  }

  [[nodiscard]] bool every(std::size_t at, bool (*is)(std::string_view)) const {
    const auto& values = columns_[at].values;
    return !values.empty() && std::all_of(values.begin(), values.end(), is);
  }
  [[nodiscard]] bool looks_like_asin(std::size_t at) const {
    return every(at, [](std::string_view id) {
      return id.size() == 10 && (id.starts_with("B0") || is_number(id.substr(0, 9)));
    });
  }
  [[nodiscard]] bool looks_like_reviewer(std::size_t at) const {
    return every(at, [](std::string_view id) {
      return id.size() >= 10 && id[0] == 'A' && !is_number(id) &&
             std::none_of(id.begin(), id.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    });
  }

  void refuse_times(const char* role, std::optional<std::size_t> at) const {
    if (at && contents_[*at].is_textual_time() && !columns_[*at].is_list &&
        contents_[*at].times.format->has_time_of_day()) {
      throw DataError("data: ",
                      path_,
                      ": the column of ",
                      role,
                      "s, ",
                      facts_.shown(*at),
                      ", holds times such as '",
                      columns_[*at].values.front(),
                      "'; name the right one with --",
                      role,
                      "-column");
    }
  }

  // Bad values of a column that is named as ratings are bad rows, unless most are no numbers.
  void choose_named_rating() {
    const auto named = best_by_name(&NameMeaning::rating);
    if (!roles_.rating && asked_.rating != kNone && named && contents_[*named].numbers >= 0.5 &&
        !contents_[*named].epoch) {
      roles_.rating = named;
    }
  }

  void choose_rating() {
    for (std::size_t at = 2; !facts_.has_names && !roles_.rating && asked_.rating != kNone &&
                             columns_.size() <= 4 && at < columns_.size();
         ++at) {
      if (is_free(at) && contents_[at].looks_like_rating() && contents_[at].distinct > 1) {
        roles_.rating = at;
        return;
      }
    }
  }

  void note_passed_over() {
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (!is_free(at)) {
        continue;
      }
      const NameMeaning& meaning = meanings_[at];
      const bool time = meaning.time.value_or(9) < 9 || contents_[at].is_textual_time() ||
                        !contents_[at].times.ambiguity.empty() || contents_[at].time_of_day;
      const bool id = (meaning.user.value_or(9) < 4 || meaning.item.value_or(9) < 4);
      if (time || id) {
        roles_.notes.push_back(concat(facts_.shown(at),
                                      " is passed over: it looks like ",
                                      time           ? "a time"
                                      : meaning.user ? "a user"
                                                     : "an item"));
      }
    }
  }

  const std::vector<ColumnSample>& columns_;
  ColumnFacts facts_;
  const std::vector<NameMeaning>& meanings_;
  const std::vector<ColumnContent>& contents_;
  const ReadOptions& options_;
  const std::string& path_;
  AskedColumns asked_;
  ColumnRoles roles_;
  std::optional<std::size_t> item_;
};

}  // namespace

ColumnRoles choose_roles(const std::vector<ColumnSample>& columns,
                         const ReadOptions& options,
                         const std::string& path) {
  return RoleChooser(columns, options, path).choose();
}

}  // namespace elastic::data
