#include "data/column_roles.h"

#include <algorithm>
#include <charconv>
#include <tuple>

#include "base/error.h"
#include "base/nearest.h"
#include "data/column_content.h"
#include "data/column_names.h"
#include "data/fields.h"

namespace elastic::data {
namespace {

constexpr const char* kNone = "-";  // the value of an option: the log has no such column

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return result;
}

std::optional<std::size_t> column_number(const std::string& text) {
  std::size_t number = 0;
  const char* const end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, number);
  const bool whole = result.ec == std::errc() && result.ptr == end && number > 0;
  return whole ? std::optional(number) : std::nullopt;
}

// The name of a column for an option: its number if names do not tell columns apart.
std::string argument_for(const std::vector<ColumnSample>& columns, std::size_t at) {
  const std::string& name = columns[at].name;
  const bool plain = !name.empty() && name.find_first_of(" \t'\"$&|<>;()*?") == std::string::npos;
  return plain ? name : std::to_string(at + 1);
}

// The columns of a log, with the roles that were found so far.
class RoleChooser {
 public:
  RoleChooser(const std::vector<ColumnSample>& columns,
              const ReadOptions& options,
              const std::string& path)
      : columns_(columns), options_(options), path_(path), asked_(asked_columns(options)) {
    has_names_ = std::any_of(columns.begin(), columns.end(), [](const ColumnSample& column) {
      return !column.name.empty();
    });
    for (const ColumnSample& column : columns) {
      meanings_.push_back(has_names_ ? meaning_of(column.name) : NameMeaning{});
      contents_.push_back(content_of(column.values));
      named_ = named_ || meanings_.back().user || meanings_.back().item;
    }
  }

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
    if (named_ && has_names_) {
      choose_by_name();
    } else {
      choose_by_position();
    }
    refuse_times("user", roles_.user);
    refuse_times("item", item_);
    roles_.item = *item_;
    choose_time();
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

  // The free column whose name means the role most surely.
  std::optional<std::size_t> best_by_name(std::optional<int> NameMeaning::*rank) const {
    std::optional<std::size_t> best;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      const bool better = meanings_[at].*rank && is_free(at) && contents_[at].filled > 0 &&
                          (!best || *(meanings_[at].*rank) < *(meanings_[*best].*rank));
      best = better ? at : best;
    }
    return best;
  }

  // The only free column that may hold ids and whose name means nothing else.
  std::optional<std::size_t> only_other() const {
    std::optional<std::size_t> found;
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      const NameMeaning& meaning = meanings_[at];
      const ColumnContent& content = contents_[at];
      const bool fits = is_free(at) && !meaning.attribute && !meaning.time && !meaning.rating &&
                        content.filled == content.count && !content.looks_like_time() &&
                        !content.looks_like_measure();
      if (fits && found) {
        return std::nullopt;
      }
      found = fits ? at : found;
    }
    return found;
  }

  void choose_by_name() {
    if (!roles_.user && asked_.user != kNone) {
      roles_.user = best_by_name(&NameMeaning::user);
    }
    if (!item_) {
      item_ = best_by_name(&NameMeaning::item);
    }
    const bool lists = item_ && columns_[*item_].is_list;
    if (!roles_.user && asked_.user != kNone && item_) {
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

  void note_guess(const char* role, std::optional<std::size_t> at) {
    if (at) {
      roles_.notes.push_back(
          concat(shown(columns_, *at), " is taken for the ", role, ": no other column fits"));
    }
  }

  [[noreturn]] void refuse_missing(const char* role, const char* option) const {
    std::string proposal = "NAME";
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      if (is_free(at) && !contents_[at].looks_like_time() && !meanings_[at].attribute) {
        proposal = argument_for(columns_, at);
        break;
      }
    }
    throw DataError("data: ",
                    path_,
                    ": no column is called as ",
                    role,
                    "s are; the columns are ",
                    names_of(columns_),
                    "; name it, for example: ",
                    option,
                    " ",
                    proposal);
  }

  // The first free column that may hold ids, from `from` on; with `strict` no measure either.
  std::optional<std::size_t> next_ids(std::size_t from, bool strict) const {
    for (std::size_t at = from; at < columns_.size(); ++at) {
      const ColumnContent& content = contents_[at];
      if (is_free(at) && !content.looks_like_time() && content.filled > 0 &&
          !meanings_[at].attribute && !meanings_[at].time && !meanings_[at].rating &&
          !(strict && content.looks_like_measure())) {
        return at;
      }
    }
    return std::nullopt;
  }

  // Without names: the first column that can hold ids is the user's, the next one the item's.
  void choose_by_position() {
    const bool has_user = asked_.user != kNone && columns_.size() > 1;
    if (!roles_.user && has_user) {
      roles_.user = next_ids(0, true);
    }
    if (!item_) {
      item_ = next_ids(roles_.user && asked_.user.empty() ? *roles_.user + 1 : 0, true);
      skip_rating();
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

  // Stars before the items, as in "user,stars,item".
  void skip_rating() {
    constexpr std::size_t kMostStars = 11;
    if (!item_ || contents_[*item_].distinct > kMostStars ||
        !contents_[*item_].looks_like_rating() || contents_[*item_].greatest > 10.0) {
      return;
    }
    for (std::size_t at = *item_ + 1; at < columns_.size(); ++at) {
      const ColumnContent& content = contents_[at];
      if (is_free(at) && !content.looks_like_time() && !content.looks_like_measure() &&
          content.distinct > 3 * kMostStars && content.distinct < content.filled) {
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
                      shown(columns_, *at),
                      ", holds times such as '",
                      columns_[*at].values.front(),
                      "'; name the right one with --",
                      role,
                      "-column");
    }
  }

  struct TimeCandidate {
    std::size_t at = 0;
    TimeFormat format{};
    std::string ambiguity;
    int rank = 0;
    bool fine = false;  // finer than a day
  };

  // A column that may hold the events' times.
  std::optional<TimeCandidate> candidate(std::size_t at) const {
    const ColumnContent& content = contents_[at];
    const NameMeaning& meaning = meanings_[at];
    if (!is_free(at) || content.filled == 0 || (2 * content.filled < content.count)) {
      return std::nullopt;
    }
    if (!content.times.ambiguity.empty()) {
      return TimeCandidate{at, {}, content.times.ambiguity, meaning.time.value_or(5), true};
    }
    if (!content.times.format) {
      return std::nullopt;
    }
    const TimeFormat& format = *content.times.format;
    const bool numbers = format.is_number();
    if (numbers && !meaning.time && (!content.epoch || meaning.attribute || meaning.rating)) {
      return std::nullopt;
    }
    if (numbers && meaning.time == 9) {
      return std::nullopt;
    }
    const bool fine = numbers || format.has_time_of_day();
    return TimeCandidate{at, format, "", meaning.time.value_or(5), fine};
  }

  // The pattern of --time-format applies to a column that it reads.
  std::optional<TimeCandidate> pattern_candidate(const TimeFormat& pattern, std::size_t at) const {
    const auto& values = columns_[at].values;
    const auto reads = [&](std::string_view value) { return pattern.parse(value).has_value(); };
    const auto read = static_cast<std::size_t>(std::count_if(values.begin(), values.end(), reads));
    if (!is_free(at) || values.empty() || 10 * read < 9 * values.size()) {
      return std::nullopt;
    }
    return TimeCandidate{at, pattern, "", meanings_[at].time.value_or(5), true};
  }

  std::vector<TimeCandidate> time_candidates() const {
    std::vector<TimeCandidate> candidates;
    const auto pattern = options_.time_format.empty()
                             ? std::nullopt
                             : std::optional(TimeFormat::parse_pattern(options_.time_format));
    for (std::size_t at = 0; at < columns_.size(); ++at) {
      const auto found = pattern ? pattern_candidate(*pattern, at) : candidate(at);
      if (found) {
        candidates.push_back(*found);
      }
    }
    // Names of other times last; then the finest, the surest name, a column that varies.
    const auto key = [&](const TimeCandidate& c) {
      return std::tuple(c.rank == 9, !c.fine, c.rank, contents_[c.at].distinct <= 1);
    };
    std::stable_sort(
        candidates.begin(), candidates.end(), [&](const TimeCandidate& a, const TimeCandidate& b) {
          return key(a) < key(b);
        });
    return candidates;
  }

  void choose_time() {
    if (asked_.time == kNone) {
      return;
    }
    if (roles_.time) {
      roles_.time_format = format_of_asked(*roles_.time);
      if (roles_.time_of_day) {
        take_time_of_day(*roles_.time_of_day, /*required=*/true);
      }
      return;
    }
    const std::vector<TimeCandidate> candidates = time_candidates();
    if (candidates.empty()) {
      choose_plain_numbers();
      return;
    }
    const TimeCandidate& best = candidates.front();
    if (!best.ambiguity.empty()) {
      const auto sure = std::find_if(candidates.begin(), candidates.end(), [&](const auto& c) {
        return c.ambiguity.empty() && c.fine && c.rank != 9;
      });
      if (sure == candidates.end()) {
        throw DataError("data: ", path_, ": ", shown(columns_, best.at), ": ", best.ambiguity);
      }
      roles_.time = sure->at;
      roles_.time_format = sure->format;
      return;
    }
    roles_.time = best.at;
    roles_.time_format = best.format;
    for (std::size_t at = 0; !best.fine && at < columns_.size() && !roles_.time_of_day; ++at) {
      take_time_of_day(at, /*required=*/false);
    }
  }

  TimeFormat format_of_asked(std::size_t at) const {
    if (!options_.time_format.empty()) {
      return TimeFormat::parse_pattern(options_.time_format);
    }
    const TimeFormat::Detected& times = contents_[at].times;
    if (!times.format) {
      throw DataError(
          "data: ",
          path_,
          ": ",
          shown(columns_, at),
          ": ",
          times.ambiguity.empty()
              ? concat("expected times, got '",
                       excerpt(columns_[at].values.empty() ? "" : columns_[at].values.front()),
                       "'; --time-format says how they are written")
              : times.ambiguity);
    }
    return *times.format;
  }

  void take_time_of_day(std::size_t at, bool required) {
    const std::vector<std::string> words = words_of(columns_[at].name);
    const bool may = required || (is_free(at) && !meanings_[at].rating && !meanings_[at].user &&
                                  !meanings_[at].item);
    const auto detected =
        may ? TimeFormat::detect_time_of_day(columns_[at].values) : TimeFormat::Detected{};
    // Plain digits, 2158, only under the name of a time.
    const bool digits = contents_[at].numbers > 0.5;
    const bool named = meanings_[at].time || std::any_of(words.begin(), words.end(), [](auto& w) {
                         return w.find("hour") != std::string::npos || w.starts_with("time");
                       });
    if (detected.format && (!digits || named || required)) {
      roles_.time_of_day = at;
      roles_.time_of_day_format = *detected.format;
    } else if (required) {
      throw DataError(
          "data: ", path_, ": ", shown(columns_, at), ": expected times of day such as 21:58:13");
    }
  }

  // Times without a unit: a name says so, or the last of four columns of numbers.
  void choose_plain_numbers() {
    const std::optional<std::size_t> named = best_by_name(&NameMeaning::time);
    if (named && meanings_[*named].time != 9) {
      refuse_unreadable(*named);
      return;
    }
    const std::size_t last = columns_.size() - 1;
    const bool fourth = !has_names_ && columns_.size() == 4 && is_free(last) &&
                        contents_[last].numbers >= 0.95 && contents_[last].times.format;
    if (fourth) {
      roles_.time = last;
      roles_.time_format = *contents_[last].times.format;
    }
  }

  void refuse_unreadable(std::size_t at) const {
    const ColumnContent& content = contents_[at];
    if (2 * content.filled < content.count) {
      return;  // noted as passed over
    }
    const auto& values = columns_[at].values;
    const auto filled = std::find_if(
        values.begin(), values.end(), [](std::string_view value) { return !value.empty(); });
    throw DataError("data: ",
                    path_,
                    ": ",
                    shown(columns_, at),
                    " is called as times are, but '",
                    excerpt(*filled),
                    "' ",
                    options_.time_format.empty()
                        ? "has no form that is known; set --time-format"
                        : concat("does not match --time-format ", options_.time_format),
                    ", or --time-column - to keep the order of the file");
  }

  void choose_rating() {
    if (roles_.rating || asked_.rating == kNone) {
      return;
    }
    if (const auto named = best_by_name(&NameMeaning::rating);
        named && contents_[*named].numbers >= 0.95 && !contents_[*named].epoch) {
      roles_.rating = named;
      return;
    }
    for (std::size_t at = 2; !has_names_ && columns_.size() <= 4 && at < columns_.size(); ++at) {
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
                        !contents_[at].times.ambiguity.empty();
      const bool id = (meaning.user.value_or(9) < 4 || meaning.item.value_or(9) < 4);
      if (time || id) {
        roles_.notes.push_back(concat(shown(columns_, at),
                                      " is passed over: it looks like ",
                                      time           ? "a time"
                                      : meaning.user ? "a user"
                                                     : "an item"));
      }
    }
  }

  const std::vector<ColumnSample>& columns_;
  const ReadOptions& options_;
  const std::string& path_;
  AskedColumns asked_;
  std::vector<NameMeaning> meanings_;
  std::vector<ColumnContent> contents_;
  bool named_ = false;      // some column is named as a user or an item
  bool has_names_ = false;  // of a header or of objects
  ColumnRoles roles_;
  std::optional<std::size_t> item_;
};

}  // namespace

std::string shown(const std::vector<ColumnSample>& columns, std::size_t at) {
  return columns[at].name.empty() ? concat("column ", at + 1)
                                  : concat("'", columns[at].name, "' (column ", at + 1, ")");
}

std::string names_of(const std::vector<ColumnSample>& columns) {
  constexpr std::size_t kMost = 20;
  std::string names;
  for (std::size_t i = 0; i < std::min(columns.size(), kMost); ++i) {
    names += concat(i == 0 ? "" : ", ",
                    columns[i].name.empty() ? std::to_string(i + 1) : columns[i].name);
  }
  return columns.size() > kMost ? concat(names, ", ... (", columns.size(), " columns)") : names;
}

std::size_t find_column(const std::string& text,
                        const std::vector<ColumnSample>& columns,
                        const std::string& option,
                        const std::string& path) {
  std::vector<std::string> names;
  for (std::size_t at = 0; at < columns.size(); ++at) {
    if (columns[at].name == text) {
      return at;
    }
    names.push_back(columns[at].name);
  }
  for (std::size_t at = 0; at < columns.size(); ++at) {
    if (!text.empty() && (lower(columns[at].name) == lower(text) ||
                          columns[at].name.substr(0, columns[at].name.find(':')) == text)) {
      return at;
    }
  }
  if (const auto number = column_number(text); number && *number <= columns.size()) {
    return *number - 1;
  }
  throw UsageError(option,
                   ": ",
                   path,
                   " has no column '",
                   text,
                   "'; the columns are ",
                   names_of(columns),
                   did_you_mean(text, names));
}

bool is_known_header(const std::vector<std::string_view>& fields, const AskedColumns& asked) {
  bool known = false;
  for (const std::string_view field : fields) {
    if (is_number(field)) {
      return false;
    }
    const NameMeaning meaning = meaning_of(field);
    known = known || meaning.user || meaning.item || meaning.time || meaning.rating ||
            field == asked.user || field == asked.item || field == asked.time ||
            field == asked.rating;
  }
  return known;
}

ColumnRoles choose_roles(const std::vector<ColumnSample>& columns,
                         const ReadOptions& options,
                         const std::string& path) {
  return RoleChooser(columns, options, path).choose();
}

}  // namespace elastic::data
