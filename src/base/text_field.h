// Fields of a config that users write as one text although they hold more than a string: a choice,
// an optional choice, a list of choices, and types with names and other texts.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <vector>

#include "base/choice.h"

namespace elastic {

/// A type that reads and writes itself: some names, and other texts.
template <class T>
concept OpenChoice = requires(const T& value, const std::string& text) {
  { T::parse(text, text) } -> std::same_as<T>;  // the text and, for messages, its source
  { value.text() } -> std::convertible_to<std::string>;
  { T::names() } -> std::same_as<std::vector<ChoiceName>>;
  { T::other() } -> std::convertible_to<std::string>;  // for the help: the other texts
};

/// Reads and writes a T; declared for the types below only.
template <class T>
struct TextField;

template <NamedChoice E>
struct TextField<E> {
  static constexpr bool kList = false;
  static std::string text(E value) { return choice_name(value); }
  static E parse(const std::string& text, const std::string& source) {
    return parse_choice<E>(text, source);
  }
  static std::vector<ChoiceName> names() { return choice_names<E>(); }
  static std::string other() { return ""; }
};

/// No value is written as an empty text.
template <NamedChoice E>
struct TextField<std::optional<E>> : TextField<E> {
  static std::string text(const std::optional<E>& value) {
    return value ? choice_name(*value) : "";
  }
  static std::optional<E> parse(const std::string& text, const std::string& source) {
    return text.empty() ? std::nullopt : std::optional<E>(parse_choice<E>(text, source));
  }
};

/// Names between commas.
template <NamedChoice E>
struct TextField<std::vector<E>> : TextField<E> {
  static constexpr bool kList = true;
  static std::string text(const std::vector<E>& values) {
    std::string joined;
    for (const E value : values) {
      joined += concat(joined.empty() ? "" : ",", choice_name(value));
    }
    return joined;
  }
  static std::vector<E> parse(const std::string& text, const std::string& source) {
    std::vector<E> values;
    for (std::size_t begin = 0; begin <= text.size();) {
      const std::size_t end = std::min(text.find(',', begin), text.size());
      values.push_back(parse_choice<E>(text.substr(begin, end - begin), source));
      begin = end + 1;
    }
    return values;
  }
};

template <OpenChoice T>
struct TextField<T> {
  static constexpr bool kList = false;
  static std::string text(const T& value) { return value.text(); }
  static T parse(const std::string& text, const std::string& source) {
    return T::parse(text, source);
  }
  static std::vector<ChoiceName> names() { return T::names(); }
  static std::string other() { return T::other(); }
};

template <class T>
concept IsTextField = requires {
  &TextField<T>::parse;
};

}  // namespace elastic
