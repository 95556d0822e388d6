// Choices by name: an enum, and the one table of the names that users write.
//
// The table is a function next to the enum, found by the enum's namespace:
//
//   enum class Schedule { kConstant, kCosine };
//   constexpr auto choices_of(Schedule) {
//     return std::to_array<Choice<Schedule>>({{Schedule::kConstant, "constant"},
//                                             {Schedule::kCosine, "cosine", "falls to 0"}});
//   }
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/error.h"

namespace elastic {

/// A row of the table.
template <class E>
struct Choice {
  E value;
  const char* name;       ///< in flags, config files and messages
  const char* help = "";  ///< a few words that the help adds in brackets
};

template <class E>
concept NamedChoice = std::is_enum_v<E> && requires(E value) {
  choices_of(value);
};

/// A row without its type, for help and completion.
struct ChoiceName {
  std::string name;
  std::string help;
  bool operator==(const ChoiceName&) const = default;
};

/// Every row, in the order of the table.
template <NamedChoice E>
std::vector<ChoiceName> choice_names() {
  std::vector<ChoiceName> names;
  for (const Choice<E>& choice : choices_of(E{})) {
    names.push_back({choice.name, choice.help});
  }
  return names;
}

/// The name of a value, which must be in the table.
template <NamedChoice E>
const char* choice_name(E value) {
  for (const Choice<E>& choice : choices_of(E{})) {
    if (choice.value == value) {
      return choice.name;
    }
  }
  fail_check("choice_name", __FILE__, __LINE__, "a value without a name");
}

/// The value of this name; none if the table lacks it.
template <NamedChoice E>
std::optional<E> find_choice(std::string_view name) {
  for (const Choice<E>& choice : choices_of(E{})) {
    if (name == choice.name) {
      return choice.value;
    }
  }
  return std::nullopt;
}

/// "a, b or c".
std::string alternatives(const std::vector<std::string>& names);
/// For the help: "a (its meaning), b or c"; `other`, unless "", is one more alternative.
std::string describe_choices(const std::vector<ChoiceName>& choices, const std::string& other = "");
/// Throws UsageError "source: expected a, b or c, got 'name'; did you mean c?".
[[noreturn]] void refuse_choice(const std::string& name,
                                const std::string& source,
                                const std::vector<ChoiceName>& choices,
                                const std::string& other = "");

/// The value of this name. Throws UsageError naming `source`, the names and the nearest of them.
template <NamedChoice E>
E parse_choice(const std::string& name, const std::string& source) {
  const std::optional<E> found = find_choice<E>(name);
  if (!found) {
    refuse_choice(name, source, choice_names<E>());
  }
  return *found;
}

}  // namespace elastic
