#include "data/time_role.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "base/error.h"
#include "data/fields.h"

namespace elastic::data {
namespace {

constexpr int kUnnamed = 5;    // the rank of a column of times without a name that says so
constexpr int kOtherTime = 9;  // of a birthday, a release, a duration

struct Candidate {
  std::size_t at = 0;
  TimeFormat format{};
  std::string ambiguity;
  int rank = kUnnamed;
  bool fine = false;   // finer than a day
  bool steps = false;  // numbers that are no times since 1970
  bool fixed = false;  // one for all events of a user, or of an item
};

bool is_part_of_date(const std::vector<std::string>& words) {
  return std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return word == "day" || word == "month" || word == "year" || word == "hour" ||
           word == "minute" || word == "week" || word == "second";
  });
}

class TimeChooser {
 public:
  TimeChooser(const ColumnFacts& facts,
              const ReadOptions& options,
              const std::string& path,
              ColumnRoles& roles)
      : facts_(facts), options_(options), path_(path), roles_(roles) {}

  void choose() {
    if (roles_.time) {
      roles_.time_format = format_of_asked(*roles_.time);
      if (roles_.time_of_day) {
        take_time_of_day(*roles_.time_of_day, /*required=*/true);
      }
      return;
    }
    const std::vector<Candidate> candidates = all_candidates();
    if (candidates.empty()) {
      choose_plain_numbers();
      return;
    }
    const Candidate* best = &candidates.front();
    if (!best->ambiguity.empty()) {
      best = sure_one(candidates);
      if (best == nullptr) {
        fail(candidates.front().at, concat(": ", candidates.front().ambiguity));
      }
    }
    require_certain(*best, candidates);
    roles_.time = best->at;
    roles_.time_format = best->format;
    if (!best->fine) {
      find_time_of_day();
    }
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(std::size_t at, const Parts&... parts) const {
    throw DataError("data: ", path_, ": ", facts_.shown(at), parts...);
  }

  [[nodiscard]] bool is_free(std::size_t at) const {
    return roles_.user != at && roles_.item != at && roles_.rating != at && roles_.time != at &&
           roles_.time_of_day != at;
  }

  std::optional<Candidate> candidate(std::size_t at) const {
    const ColumnContent& content = facts_.contents[at];
    const NameMeaning& meaning = facts_.meanings[at];
    const int rank = meaning.time.value_or(kUnnamed);
    if (!is_free(at) || content.filled == 0 || 2 * content.filled < content.count) {
      return std::nullopt;
    }
    if (!content.times.ambiguity.empty()) {
      return Candidate{at, {}, content.times.ambiguity, rank, true, false};
    }
    if (!content.times.format) {
      return std::nullopt;
    }
    const TimeFormat& format = *content.times.format;
    const bool numbers = format.is_number();
    const bool other = (meaning.attribute && !facts_.columns[at].name.empty()) || meaning.rating ||
                       rank == kOtherTime;
    if (numbers && ((!meaning.time && (!content.epoch || other)) || rank == kOtherTime)) {
      return std::nullopt;
    }
    return Candidate{
        at, format, "", rank, numbers || format.has_time_of_day(), numbers && !content.epoch};
  }

  // The pattern of --time-format applies to a column that it reads.
  std::optional<Candidate> pattern_candidate(const TimeFormat& pattern, std::size_t at) const {
    const auto& values = facts_.columns[at].values;
    const auto reads = [&](std::string_view value) { return pattern.parse(value).has_value(); };
    const auto read = static_cast<std::size_t>(std::count_if(values.begin(), values.end(), reads));
    if (!is_free(at) || values.empty() || 10 * read < 9 * values.size()) {
      return std::nullopt;
    }
    return Candidate{at, pattern, "", facts_.meanings[at].time.value_or(kUnnamed), true, false};
  }

  [[nodiscard]] bool is_fixed(std::size_t at) const {
    return (roles_.user && facts_.determines(*roles_.user, at)) ||
           facts_.determines(roles_.item, at);
  }

  // Names of other times last, and times of users or items; then times since 1970, the finest, the
  // surest name, one that varies.
  std::vector<Candidate> all_candidates() const {
    std::vector<Candidate> candidates;
    const auto pattern = options_.time_format.empty()
                             ? std::nullopt
                             : std::optional(TimeFormat::parse_pattern(options_.time_format));
    for (std::size_t at = 0; at < facts_.columns.size(); ++at) {
      const auto found = pattern ? pattern_candidate(*pattern, at) : candidate(at);
      if (found) {
        candidates.push_back(*found);
        candidates.back().fixed = is_fixed(at);
      }
    }
    const auto key = [&](const Candidate& c) {
      return std::tuple(c.rank == kOtherTime,
                        c.fixed,
                        c.steps,
                        !c.fine,
                        c.rank,
                        facts_.contents[c.at].distinct <= 1);
    };
    std::stable_sort(candidates.begin(),
                     candidates.end(),
                     [&](const Candidate& a, const Candidate& b) { return key(a) < key(b); });
    return candidates;
  }

  // The first candidate without an ambiguity, if it is as good as one.
  static const Candidate* sure_one(const std::vector<Candidate>& candidates) {
    const auto sure = std::find_if(candidates.begin(), candidates.end(), [](const Candidate& c) {
      return c.ambiguity.empty() && c.fine && !c.fixed && !c.steps && c.rank != kOtherTime;
    });
    return sure == candidates.end() ? nullptr : &*sure;
  }

  // Numbers that are no times since 1970 need a name that leaves no doubt.
  void require_certain(const Candidate& best, const std::vector<Candidate>& candidates) const {
    if (!best.steps) {
      return;
    }
    const std::vector<std::string> words = words_of(facts_.columns[best.at].name);
    const bool day = words.size() == 1 && words[0] == "day";
    const bool one = candidates.size() == 1 || candidates[1].rank == kOtherTime;
    const bool sure = best.rank == 0 || day || words.back() == "timestamp" ||
                      facts_.columns[best.at].name.ends_with("time_stamp");
    if (sure && one && !(day && has_parts_of_date(best.at))) {
      return;
    }
    std::string others;
    for (const Candidate& candidate : candidates) {
      others += concat(
          candidate.at == best.at ? "" : " or ", "--time-column ", facts_.argument(candidate.at));
    }
    fail(best.at,
         " is called as times are, but its numbers, such as ",
         facts_.columns[best.at].values.front(),
         ", are no times since 1970: choose by ",
         others,
         ", or --time-column - to keep the order of the file");
  }

  [[nodiscard]] bool has_parts_of_date(std::size_t except) const {
    for (std::size_t at = 0; at < facts_.columns.size(); ++at) {
      if (at != except && is_free(at) && is_part_of_date(words_of(facts_.columns[at].name))) {
        return true;
      }
    }
    return false;
  }

  TimeFormat format_of_asked(std::size_t at) const {
    if (!options_.time_format.empty()) {
      return TimeFormat::parse_pattern(options_.time_format);
    }
    const TimeFormat::Detected& times = facts_.contents[at].times;
    if (!times.format && !times.ambiguity.empty()) {
      fail(at, ": ", times.ambiguity);
    }
    if (!times.format) {
      const auto& values = facts_.columns[at].values;
      fail(at,
           ": expected times, got '",
           excerpt(values.empty() ? "" : values.front()),
           "'; --time-format says how they are written");
    }
    return *times.format;
  }

  void find_time_of_day() {
    for (std::size_t at = 0; at < facts_.columns.size() && !roles_.time_of_day; ++at) {
      take_time_of_day(at, /*required=*/false);
    }
  }

  void take_time_of_day(std::size_t at, bool required) {
    const NameMeaning& meaning = facts_.meanings[at];
    const bool may = required || (is_free(at) && !meaning.rating && !meaning.user && !meaning.item);
    const auto detected =
        may ? TimeFormat::detect_time_of_day(facts_.columns[at].values) : TimeFormat::Detected{};
    // Plain digits, 2158, only under the name of a time.
    const std::vector<std::string> words = words_of(facts_.columns[at].name);
    const bool digits = facts_.contents[at].numbers > 0.5;
    const bool named = meaning.time || std::any_of(words.begin(), words.end(), [](const auto& w) {
                         return w.find("hour") != std::string::npos || w.starts_with("time");
                       });
    if (detected.format && (!digits || named || required)) {
      roles_.time_of_day = at;
      roles_.time_of_day_format = *detected.format;
    } else if (required) {
      fail(at, ": expected times of day such as 21:58:13");
    }
  }

  // Times without a unit: the last of four columns of numbers. Refuses a name of times above texts
  // that are none.
  void choose_plain_numbers() {
    const std::size_t last = facts_.columns.size() - 1;
    const bool fourth = !facts_.has_names && facts_.columns.size() == 4 && is_free(last) &&
                        facts_.contents[2].numbers >= 0.95 && is_free(2) &&
                        facts_.contents[last].numbers >= 0.95 && facts_.contents[last].times.format;
    if (fourth) {
      roles_.time = last;
      roles_.time_format = *facts_.contents[last].times.format;
      return;
    }
    for (std::size_t at = 0; at < facts_.columns.size(); ++at) {
      const int rank = facts_.meanings[at].time.value_or(kOtherTime);
      const ColumnContent& content = facts_.contents[at];
      if (is_free(at) && rank < kOtherTime && content.filled > 0 &&
          2 * content.filled >= content.count && !content.times.format) {
        refuse_unreadable(at);
      }
    }
  }

  [[noreturn]] void refuse_unreadable(std::size_t at) const {
    const auto& values = facts_.columns[at].values;
    const auto filled = std::find_if(
        values.begin(), values.end(), [](std::string_view value) { return !value.empty(); });
    fail(at,
         " is called as times are, but '",
         excerpt(*filled),
         "' ",
         options_.time_format.empty()
             ? "has no form that is known; set --time-format"
             : concat("does not match --time-format ", options_.time_format),
         ", or --time-column - to keep the order of the file");
  }

  const ColumnFacts& facts_;
  const ReadOptions& options_;
  const std::string& path_;
  ColumnRoles& roles_;
};

}  // namespace

void choose_time(const ColumnFacts& facts,
                 const ReadOptions& options,
                 const std::string& path,
                 bool has_time,
                 ColumnRoles& roles) {
  if (has_time) {
    TimeChooser(facts, options, path, roles).choose();
  }
}

}  // namespace elastic::data
