// Text of a page: foreign strings reach it escaped, and in no other way.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace elastic::report {

/// A piece of HTML that is a literal of this program: nothing else converts to it.
struct Markup {
  std::string_view text;
  consteval Markup(const char* literal) : text(literal) {}  // NOLINT: the conversion is the point
};

/// HTML under construction: `html << "<b>" << name << "</b>"` writes literals as they are and
/// escapes strings.
class Html {
 public:
  Html& operator<<(Markup markup) {
    text_ += markup.text;
    return *this;
  }
  /// Escapes &, <, > and both quotes; other characters as visible() shows them.
  template <std::same_as<std::string> Text>
  Html& operator<<(const Text& text) {
    add_escaped(text);
    return *this;
  }
  Html& operator<<(const Html& html) {
    text_ += html.text_;
    return *this;
  }
  [[nodiscard]] bool empty() const { return text_.empty(); }
  [[nodiscard]] const std::string& str() const { return text_; }

 private:
  void add_escaped(const std::string& text);

  std::string text_;
};

}  // namespace elastic::report
