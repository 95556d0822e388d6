#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/usage/completion.h"

namespace elastic::cli {
namespace {

std::string quoted(const std::string& text) {
  std::string result = "'";
  for (const char c : text) {
    result += (c == '\'' || c == '\\') ? std::string("\\") + c : std::string(1, c);
  }
  return result + "'";
}

// In fish, -x means a value that is not a file, -r any value.
std::string value_of(const Option& option) {
  if (option.is_switch()) {
    return "";
  }
  switch (completion_of(option)) {
    case Completion::kTexts:
      return option.choices.list
                 ? fmt::format(" -x -a \"(__fish_append , {})\"",
                               fmt::join(option.choices.texts, " "))
                 : fmt::format(" -x -a {}",
                               quoted(fmt::format("{}", fmt::join(option.choices.texts, " "))));
    case Completion::kFiles:
      return " -r -F";
    case Completion::kFolders:
      return " -x -a '(__fish_complete_directories)'";
    case Completion::kNothing:
      break;
  }
  return " -x";
}

std::string option_lines(const std::string& condition, const Option& option) {
  if (option.scope == Scope::kPositional) {
    const bool folders = completion_of(option) == Completion::kFolders;
    return fmt::format(
        "{}{}\n", condition, folders ? " -a '(__fish_complete_directories)'" : " -F");
  }
  std::string lines = fmt::format("{} -l {}", condition, option.flag().substr(2));
  lines += option.short_flag == '\0' ? "" : fmt::format(" -s {}", option.short_flag);
  lines += fmt::format("{} -d {}\n", value_of(option), quoted(option.help));
  if (option.has_opposite()) {
    lines += fmt::format("{} -l no-{}\n", condition, option.flag().substr(2));
  }
  return lines;
}

}  // namespace

std::string fish_completion(const std::vector<ListedCommand>& commands) {
  std::string text =
      "# fish completion for elastic, made by `elastic completion fish`\n"
      "complete -c elastic -f\n"
      "complete -c elastic -s h -l help -d 'print help'\n"
      "complete -c elastic -n __fish_use_subcommand -l version -d 'print the version'\n";
  for (const ListedCommand& listed : commands) {
    const std::string& name = listed.command->name();
    text += fmt::format("complete -c elastic -n __fish_use_subcommand -a {} -d {}\n",
                        name,
                        quoted(listed.summary()));
  }
  for (const ListedCommand& listed : commands) {
    const std::string condition = fmt::format(
        "complete -c elastic -n '__fish_seen_subcommand_from {}'", listed.command->name());
    for (const auto& option : listed.table.options()) {
      text += option_lines(condition, *option);
    }
    if (!listed.table.environment_names().empty()) {
      text += fmt::format(
          "{} -l {} -d {}\n", condition, kPrintConfigFlag + 2, quoted(kPrintConfigHelp));
    }
  }
  return text;
}

}  // namespace elastic::cli
