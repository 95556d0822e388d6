#include "cli/help_formatter.h"

#include <sstream>

namespace elastic::cli {
namespace {

constexpr std::size_t kIndent = 2;
constexpr std::size_t kHelpColumn = 32;
constexpr std::size_t kWidth = 100;

// `left` at the indent, `help` from its column on, broken between words.
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

}  // namespace

std::string HelpFormatter::make_option(const CLI::Option* option, bool is_positional) const {
  std::string left = is_positional ? option->get_name(true, false) : option->get_name(false, true);
  if (!is_positional && !option->get_type_name().empty()) {
    left += " " + option->get_type_name();
  }
  std::string help = option->get_description();
  if (!option->get_default_str().empty()) {
    help += " [" + option->get_default_str() + "]";
  }
  return two_columns(left, help);
}

std::string HelpFormatter::make_subcommand(const CLI::App* subcommand) const {
  const std::string description = subcommand->get_description();
  return two_columns(subcommand->get_name(), description.substr(0, description.find('\n')));
}

std::string HelpFormatter::make_usage(const CLI::App* app, std::string name) const {
  std::string text = "\nUsage: " + name;
  const bool has_commands = !app->get_subcommands({}).empty();
  for (const CLI::Option* option : app->get_options()) {
    if (option->get_positional()) {
      const std::string argument = option->get_name(true, false);
      text += " " + (option->get_required() ? argument : "[" + argument + "]");
    }
  }
  return text + (has_commands ? " COMMAND [OPTIONS]\n" : " [OPTIONS]\n");
}

}  // namespace elastic::cli
