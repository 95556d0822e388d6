// A typed option value, read from the text of a flag or variable, or from JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>
#include <vector>

#include "base/text_field.h"

namespace elastic::cli {

/// A field that is written as text (see TextField), with its type erased.
class TextTarget {
 public:
  template <IsTextField T>
  TextTarget(T* field)  // NOLINT(google-explicit-constructor): an OptionTarget is made of a pointer
      : field_(field), functions_(&kFunctions<T>) {}

  [[nodiscard]] std::string text() const { return functions_->text(field_); }
  /// Throws UsageError naming `source` and what is allowed.
  void set(const std::string& text, const std::string& source) const {
    functions_->set(field_, text, source);
  }
  [[nodiscard]] std::vector<ChoiceName> names() const { return functions_->names(); }
  /// The texts that it accepts besides the names, in words for the help; "" if there are none.
  [[nodiscard]] std::string other() const { return functions_->other(); }
  /// Takes several names, separated by commas.
  [[nodiscard]] bool is_list() const { return functions_->is_list; }

 private:
  struct Functions {
    std::string (*text)(const void* field);
    void (*set)(void* field, const std::string& text, const std::string& source);
    std::vector<ChoiceName> (*names)();
    std::string (*other)();
    bool is_list;
  };
  template <IsTextField T>
  static constexpr Functions kFunctions{
      [](const void* field) -> std::string {
        return TextField<T>::text(*static_cast<const T*>(field));
      },
      [](void* field, const std::string& text, const std::string& source) {
        *static_cast<T*>(field) = TextField<T>::parse(text, source);
      },
      [] { return TextField<T>::names(); },
      [] { return TextField<T>::other(); },
      TextField<T>::kList};

  void* field_;
  const Functions* functions_;
};

/// Pointer to the value of an option.
using OptionTarget = std::variant<bool*,
                                  std::int64_t*,
                                  std::uint64_t*,
                                  double*,
                                  std::string*,
                                  std::vector<std::string>*,
                                  TextTarget>;

/// True for an option that may be given several times, once for each text.
inline bool is_repeatable(const OptionTarget& target) {
  return std::holds_alternative<std::vector<std::string>*>(target);
}

/// Each throws UsageError "<source>: expected an integer, got ..." for a value of the wrong type,
/// and for one that is not among the option's choices.
void set_from_text(OptionTarget target, const std::string& text, const std::string& source);
void set_from_json(OptionTarget target, const nlohmann::json& value, const std::string& source);

/// Several texts are an array; one is a string.
nlohmann::json to_json(OptionTarget target);
/// The text in the help, without quotes.
std::string to_text(OptionTarget target);
/// The type in the help: "INT", "NUMBER", "TEXT"; "" for a switch.
const char* type_name(OptionTarget target);

}  // namespace elastic::cli
