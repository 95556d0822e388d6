#include "train/train_choices.h"

#include <charconv>

#include "base/option_range.h"

namespace elastic::train {

Cuts Cuts::parse(const std::string& text, const std::string& source) {
  if (const auto kind = find_choice<Kind>(text)) {
    return {*kind, 0};
  }
  Cuts cuts{Kind::kRandom, 0};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, cuts.count);
  const Range counts = counts_from(1);
  if (error != std::errc{} || stop != end || !counts.contains(cuts.count)) {
    refuse_choice(text, source, names(), "a number from " + counts.text());
  }
  return cuts;
}

std::string Cuts::text() const {
  return kind == Kind::kRandom ? std::to_string(count) : choice_name(kind);
}

std::vector<ChoiceName> Cuts::names() {
  return choice_names<Kind>();
}

}  // namespace elastic::train
