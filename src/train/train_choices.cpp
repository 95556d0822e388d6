#include "train/train_choices.h"

#include <charconv>

namespace elastic::train {

Cuts Cuts::parse(const std::string& text, const std::string& source) {
  if (const auto kind = find_choice<Kind>(text)) {
    return {*kind, 0};
  }
  Cuts cuts{Kind::kRandom, 0};
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, cuts.count);
  if (error != std::errc{} || stop != end || cuts.count < 1) {
    refuse_choice(text, source, names(), "a number of at least 1");
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
