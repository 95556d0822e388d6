#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/usage/completion.h"

namespace elastic::cli {
namespace {

constexpr const char* kZshHead = R"(#compdef elastic
# zsh completion for elastic, made by `elastic completion zsh`

_elastic() {
    local curcontext=$curcontext state line
    local -a commands
    typeset -A opt_args
)";

constexpr const char* kZshTail = R"(            esac
            ;;
    esac
}

if [[ $funcstack[1] == _elastic ]]; then
    _elastic "$@"
else
    compdef _elastic elastic
fi
)";

// Escapes text for a specification in single quotes, within brackets or before a colon.
std::string spec_text(const std::string& text) {
  std::string result;
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += (c == '[' || c == ']' || c == ':' || c == '\\') ? std::string("\\") + c
                                                                : std::string(1, c);
    }
  }
  return result;
}

// The part of a specification after the flag, such as ":MODEL:(a b)"; "" for a switch.
std::string action_of(const Option& option) {
  if (option.is_switch()) {
    return "";
  }
  std::vector<std::string> texts;
  for (const std::string& text : option.choices.texts) {
    texts.push_back(spec_text(text));
  }
  const std::string name = spec_text(option.value_name);
  switch (completion_of(option)) {
    case Completion::kTexts:
      return option.choices.list
                 ? fmt::format(":{}:_sequence compadd - {}", name, fmt::join(texts, " "))
                 : fmt::format(":{}:({})", name, fmt::join(texts, " "));
    case Completion::kFiles:
      return fmt::format(":{}:_files", name);
    case Completion::kFolders:
      return fmt::format(":{}:_files -/", name);
    case Completion::kNothing:
      break;
  }
  return fmt::format(":{}: ", name);
}

// '*': a flag may be repeated, since its last value wins.
std::string flag_spec(const std::string& flag, const Option& option) {
  const bool is_long = flag.rfind("--", 0) == 0;
  return fmt::format("                        '*{}{}[{}]{}' \\\n",
                     flag,
                     option.is_switch() ? ""
                     : is_long          ? "="
                                        : "+",
                     spec_text(option.help),
                     action_of(option));
}

std::string zsh_command_case(const ListedCommand& listed) {
  std::string specs;
  for (const auto& option : listed.table.options()) {
    if (option->scope == Scope::kPositional) {
      specs += fmt::format("                        '{}{}' \\\n",
                           is_repeatable(option->target) ? "*"
                           : option->required            ? ""
                                                         : ":",
                           action_of(*option));
      continue;
    }
    for (const std::string& flag : flags_of(*option)) {
      specs += flag_spec(flag, *option);
    }
  }
  if (!listed.table.environment_names().empty()) {
    specs += fmt::format(
        "                        '{}[{}]' \\\n", kPrintConfigFlag, spec_text(kPrintConfigHelp));
  }
  return fmt::format(
      "                {})\n                    _arguments -s -S \\\n{}"
      "                        '(-h --help)'{{-h,--help}}'[print help]'\n                    ;;\n",
      listed.command->name(),
      specs);
}

}  // namespace

std::string zsh_completion(const std::vector<ListedCommand>& commands) {
  std::string names;
  std::string cases;
  for (const ListedCommand& listed : commands) {
    names += fmt::format("        '{}:{}'\n", listed.command->name(), spec_text(listed.summary()));
    cases += zsh_command_case(listed);
  }
  return fmt::format(
      "{}    commands=(\n{}    )\n"
      "    _arguments -C '(-h --help)'{{-h,--help}}'[print help]' '--version[print the version]' "
      "\\\n"
      "        '1: :->command' '*:: :->arguments'\n"
      "    case $state in\n"
      "        command) _describe -t commands command commands ;;\n"
      "        arguments)\n            case $words[1] in\n{}{}",
      kZshHead,
      names,
      cases,
      kZshTail);
}

}  // namespace elastic::cli
