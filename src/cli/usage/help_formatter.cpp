#include "cli/usage/help_formatter.h"

#include <sstream>

namespace elastic::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kHelpColumn = 32;
constexpr std::size_t kWidth = 100;

// Two columns: `left`, and `help` wrapped between words.
std::string two_columns(const std::string& left, const std::string& help) {
  std::string line(kIndent, ' ');
  line += left;
  std::string text;
  if (line.size() + 2 > kHelpColumn) {
    text = line + "\n";
    line.clear();
  }
  line.resize(kHelpColumn, ' ');
  bool first = true;
  std::istringstream words(help);
  for (std::string word; words >> word; first = false) {
    if (!first && line.size() + 1 + word.size() > kWidth) {
      text += line + "\n";
      line.assign(kHelpColumn, ' ');
      first = true;
    }
    line += (first ? "" : " ") + word;
  }
  return text + line + "\n";
}

// "-k, --top-k", "--[no-]filter-seen"
std::string flag_names(const CLI::Option& option) {
  std::string names;
  for (const std::string& letter : option.get_snames()) {
    names += "-" + letter + ", ";
  }
  const auto& long_names = option.get_lnames();
  const bool has_opposite = long_names.size() == 2 && long_names[1] == "no-" + long_names[0];
  return names + (has_opposite ? "--[no-]" : "--") + long_names.front();
}

std::string option_lines(const CLI::Option& option) {
  std::string left = option.get_positional() ? option.get_name(true, false) : flag_names(option);
  if (!option.get_positional() && !option.get_type_name().empty()) {
    left += " " + option.get_type_name();
  }
  std::string help = option.get_description();
  if (!option.get_default_str().empty()) {
    help += " [" + option.get_default_str() + "]";
  }
  return two_columns(left, help);
}

std::string section(const std::string& heading, const std::string& lines) {
  return lines.empty() ? "" : "\n" + heading + ":\n" + lines;
}

std::string usage(const CLI::App& app, const std::string& name) {
  std::string text = "\nUsage: " + name;
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_positional()) {
      const bool several = option->get_allow_extra_args();
      const std::string argument = option->get_name(true, false) + (several ? "..." : "");
      text += " " + (option->get_required() ? argument : "[" + argument + "]");
    }
  }
  return text + (app.get_subcommands({}).empty() ? " [OPTIONS]\n" : " COMMAND [OPTIONS]\n");
}

std::string arguments(const CLI::App& app) {
  std::string lines;
  for (const CLI::Option* option : app.get_options()) {
    lines += option->get_positional() ? option_lines(*option) : "";
  }
  return section("Arguments", lines);
}

std::string commands(const CLI::App& app) {
  std::string lines;
  for (const CLI::App* command : app.get_subcommands({})) {
    if (command->get_group().empty()) {
      continue;  // hidden
    }
    const std::string description = command->get_description();
    lines += two_columns(command->get_name(), description.substr(0, description.find('\n')));
  }
  return section("Commands", lines);
}

std::string groups(const CLI::App& app) {
  std::string text;
  std::string other;
  for (const std::string& group : app.get_groups()) {
    std::string lines;
    for (const CLI::Option* option : app.get_options()) {
      const bool belongs = option->get_group() == group && !option->get_positional();
      lines += belongs ? option_lines(*option) : "";
    }
    (group == kOtherGroup ? other : text) += section(group, lines);
  }
  return text + other;
}

}  // namespace

std::string HelpFormatter::make_help(const CLI::App* app,
                                     std::string name,
                                     CLI::AppFormatMode) const {
  return app->get_description() + "\n" + usage(*app, name) + arguments(*app) + commands(*app) +
         groups(*app);
}

}  // namespace elastic::cli
