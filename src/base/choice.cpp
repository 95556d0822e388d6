#include "base/choice.h"

#include "base/nearest.h"

namespace elastic {
namespace {

std::vector<std::string> bare_names(const std::vector<ChoiceName>& choices) {
  std::vector<std::string> names;
  for (const ChoiceName& choice : choices) {
    names.push_back(choice.name);
  }
  return names;
}

}  // namespace

std::string alternatives(const std::vector<std::string>& names) {
  std::string joined;
  for (std::size_t i = 0; i < names.size(); ++i) {
    joined += concat(i == 0 ? "" : i + 1 == names.size() ? " or " : ", ", names[i]);
  }
  return joined;
}

std::string describe_choices(const std::vector<ChoiceName>& choices, const std::string& other) {
  std::vector<std::string> texts;
  for (const ChoiceName& choice : choices) {
    texts.push_back(choice.help.empty() ? choice.name
                                        : concat(choice.name, " (", choice.help, ")"));
  }
  if (!other.empty()) {
    texts.push_back(other);
  }
  return alternatives(texts);
}

void refuse_choice(const std::string& name,
                   const std::string& source,
                   const std::vector<ChoiceName>& choices,
                   const std::string& other) {
  const std::vector<std::string> names = bare_names(choices);
  std::vector<std::string> expected = names;
  if (!other.empty()) {
    expected.push_back(other);
  }
  throw UsageError(source,
                   ": expected ",
                   alternatives(expected),
                   ", got '",
                   name,
                   "'",
                   did_you_mean(name, names));
}

}  // namespace elastic
