#include "cli/usage/command_list.h"

#include <utility>

namespace elastic::cli {

std::string ListedCommand::summary() const {
  const std::string description = command->description();
  return description.substr(0, description.find('\n'));
}

std::vector<ListedCommand> listed_commands() {
  std::vector<ListedCommand> list;
  for (auto& command : make_all_commands()) {
    if (!command->hidden()) {
      list.emplace_back();
      list.back().command = std::move(command);
      list.back().command->declare(list.back().table);
    }
  }
  return list;
}

Completion completion_of(const Option& option) {
  if (!option.choices.texts.empty()) {
    return Completion::kTexts;
  }
  if (option.value_name == "FILE") {
    return Completion::kFiles;
  }
  const std::string& name = option.value_name;
  return name == "RUN" || name == "RUNS" || name == "DIR" ? Completion::kFolders
                                                          : Completion::kNothing;
}

std::vector<std::string> flags_of(const Option& option) {
  std::vector<std::string> flags{option.flag()};
  if (option.short_flag != '\0') {
    flags.push_back(std::string("-") + option.short_flag);
  }
  if (option.has_opposite()) {
    flags.push_back("--no-" + option.flag().substr(2));
  }
  return flags;
}

}  // namespace elastic::cli
