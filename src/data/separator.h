// The separator of the fields of a row, as the user writes it.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "base/choice.h"

namespace elastic::data {

struct KnownSeparator {
  const char* characters;
  const char* name;
};

/// In the order in which they are tried on a file.
inline constexpr std::array<KnownSeparator, 8> kSeparators{{{"\t", "tab"},
                                                            {"\x01", "^A"},
                                                            {"::", "::"},
                                                            {"||", "||"},
                                                            {",", "comma"},
                                                            {"|", "pipe"},
                                                            {";", "semicolon"},
                                                            {" ", "space"}}};

/// The option's value: auto, a name of kSeparators, or any other characters themselves, where \t
/// and \xHH are escapes.
class Separator {
 public:
  /// Throws UsageError naming `source` for "", line ends, quotes and more than 16 characters.
  static Separator parse(const std::string& text, const std::string& source);
  static std::vector<ChoiceName> names();
  static std::string other() { return "other characters than letters and digits"; }

  /// As it was written.
  [[nodiscard]] const std::string& text() const { return text_; }
  /// "" for auto.
  [[nodiscard]] const std::string& characters() const { return characters_; }
  [[nodiscard]] bool is_auto() const { return characters_.empty(); }

  bool operator==(const Separator&) const = default;

 private:
  std::string text_ = "auto";
  std::string characters_;
};

/// "tab", "comma", ... for messages; other characters as they are.
std::string name_of_separator(const std::string& characters);

}  // namespace elastic::data
