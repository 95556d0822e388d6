#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/usage/completion.h"

namespace elastic::cli {
namespace {

constexpr const char* kBashHead =
    R"(# bash completion for elastic, made by `elastic completion bash`

# Offers those of the words in $1 that begin with $cur.
_elastic_words() {
    mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# The same for the last of several words separated by commas.
_elastic_list() {
    local before=
    [[ $cur != *,* ]] || before=${cur%,*},
    mapfile -t COMPREPLY < <(compgen -P "$before" -W "$1" -- "${cur##*,}")
}

# Offers files (-f) or folders (-d).
_elastic_paths() {
    compopt -o filenames 2>/dev/null
    mapfile -t COMPREPLY < <(compgen "$1" -- "$cur")
}

_elastic() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command= i
    COMPREPLY=()
    # --flag=value comes as three words.
    if [[ $cur == = ]]; then
        cur=
    elif [[ $prev == = ]]; then
        prev=${COMP_WORDS[COMP_CWORD - 2]}
    fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        if [[ ${COMP_WORDS[i]} != -* ]]; then
            command=${COMP_WORDS[i]}
            break
        fi
    done
)";

constexpr const char* kBashTail = R"(}

complete -F _elastic elastic
)";

std::string offer(const Option& option) {
  switch (completion_of(option)) {
    case Completion::kTexts:
      return fmt::format("{} '{}'",
                         option.choices.list ? "_elastic_list" : "_elastic_words",
                         fmt::join(option.choices.texts, " "));
    case Completion::kFiles:
      return "_elastic_paths -f";
    case Completion::kFolders:
      return "_elastic_paths -d";
    case Completion::kNothing:
      break;
  }
  return ":";
}

// The case of one command: values after a flag, then flags and arguments.
std::string bash_command_case(const ListedCommand& listed) {
  std::vector<std::string> flags{"--help"};
  if (!listed.table.environment_names().empty()) {
    flags.emplace_back(kPrintConfigFlag);
  }
  std::string values;
  std::string argument;
  for (const auto& option : listed.table.options()) {
    if (option->scope == Scope::kPositional) {
      // Of several arguments, prefer files: they include folders.
      const bool wider = argument.empty() || completion_of(*option) == Completion::kFiles;
      argument = wider ? offer(*option) : argument;
      continue;
    }
    const std::vector<std::string> own = flags_of(*option);
    flags.insert(flags.end(), own.begin(), own.end());
    if (!option->is_switch()) {
      values +=
          fmt::format("                {}) {}; return ;;\n", fmt::join(own, "|"), offer(*option));
    }
  }
  if (argument.empty()) {
    argument = fmt::format("_elastic_words '{}'", fmt::join(flags, " "));
  }
  return fmt::format(
      "        {})\n"
      "            case $prev in\n{}            esac\n"
      "            case $cur in\n"
      "                -*) _elastic_words '{}' ;;\n"
      "                *) {} ;;\n"
      "            esac\n            ;;\n",
      listed.command->name(),
      values,
      fmt::join(flags, " "),
      argument);
}

}  // namespace

std::string bash_completion(const std::vector<ListedCommand>& commands) {
  std::string names;
  std::string cases;
  for (const ListedCommand& listed : commands) {
    names += listed.command->name() + " ";
    cases += bash_command_case(listed);
  }
  return fmt::format(
      "{}    case $command in\n        '') _elastic_words '{}--help --version' ;;\n{}    esac\n{}",
      kBashHead,
      names,
      cases,
      kBashTail);
}

}  // namespace elastic::cli
