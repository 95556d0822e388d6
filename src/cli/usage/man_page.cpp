#include "cli/usage/man_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <sstream>

#include "cli/output/build_info.h"

namespace elastic::cli {
namespace {

// Escapes the characters that roff would interpret, and a dot or quote at the start of a line.
std::string roff(const std::string& text) {
  std::string result = text.rfind('.', 0) == 0 || text.rfind('\'', 0) == 0 ? "\\&" : "";
  for (const char c : text) {
    switch (c) {
      case '\\':
        result += "\\e";
        break;
      case '-':
        result += "\\-";
        break;
      case '\'':
        result += "\\(aq";
        break;
      case '`':
        result += "\\(ga";
        break;
      case '^':
        result += "\\(ha";
        break;
      case '~':
        result += "\\(ti";
        break;
      default:
        result += c;
    }
  }
  return result;
}

// Paragraphs; indented lines keep their line breaks.
std::string roff_text(const std::string& text) {
  std::string result;
  bool verbatim = false;
  bool broken = true;  // the next line of text begins a paragraph
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const bool indented = line.rfind("  ", 0) == 0;
    if (verbatim && !indented) {
      result += ".fi\n.RE\n";
      verbatim = false;
      broken = true;
    }
    if (line.empty()) {
      broken = true;
    } else if (indented) {
      result += verbatim ? "" : ".PP\n.RS 4\n.nf\n";
      verbatim = true;
      result += roff(line.substr(2)) + "\n";
    } else {
      result += broken ? ".PP\n" : "";
      broken = false;
      result += roff(line) + "\n";
    }
  }
  return result + (verbatim ? ".fi\n.RE\n" : "");
}

std::string heading_of(const Option& option) {
  std::string text;
  if (option.short_flag != '\0') {
    text += fmt::format("\\fB\\-{}\\fR, ", option.short_flag);
  }
  const std::string name = roff(option.flag().substr(2));
  text += fmt::format("\\fB\\-\\-{}{}\\fR", option.has_opposite() ? "[no\\-]" : "", name);
  return option.is_switch() ? text : text + fmt::format(" \\fI{}\\fR", roff(option.value_name));
}

// " [default]"; "" for arguments, for switches that are flags only, and for an empty default.
std::string default_of(const Option& option) {
  const bool is_shown = !option.default_text.empty() && option.scope != Scope::kPositional &&
                        (option.scope != Scope::kFlagOnly || !option.is_switch());
  return is_shown ? fmt::format(" [{}]", option.default_text) : "";
}

std::string option_lines(const Option& option) {
  const std::string heading = option.scope == Scope::kPositional
                                  ? fmt::format("\\fI{}\\fR", roff(option.value_name))
                                  : heading_of(option);
  return fmt::format(".TP\n{}\n{}\n", heading, roff(option.help + default_of(option)));
}

std::string synopsis(const ListedCommand& listed) {
  std::string text = fmt::format("\\fBelastic {}\\fR", roff(listed.command->name()));
  for (const auto& option : listed.table.options()) {
    if (option->scope == Scope::kPositional) {
      const std::string name = fmt::format(
          "\\fI{}\\fR{}", option->value_name, is_repeatable(option->target) ? "..." : "");
      text += option->required ? " " + name : " [" + name + "]";
    }
  }
  return text + " [\\fIOPTIONS\\fR]\n";
}

std::string command_section(const ListedCommand& listed) {
  std::string text = fmt::format(".SH {}\n{}{}",
                                 roff(listed.command->name()),
                                 synopsis(listed),
                                 roff_text(listed.command->description()));
  std::string arguments;
  std::string group;
  std::string options;
  for (const auto& option : listed.table.options()) {
    if (option->scope == Scope::kPositional) {
      arguments += option_lines(*option);
      continue;
    }
    if (option->group != group) {
      group = option->group;
      options += fmt::format(".SS {}\n", roff(group));
    }
    options += option_lines(*option);
  }
  if (!listed.table.environment_names().empty()) {
    options += fmt::format(
        ".SS Other\n.TP\n\\fB{}\\fR\n{}\n", roff(kPrintConfigFlag), roff(kPrintConfigHelp));
  }
  return text + (arguments.empty() ? "" : ".SS Arguments\n" + arguments) + options;
}

constexpr const char* kEnvironment =
    "Every option that is a config key, and every option under Running, is also a variable: "
    "ELASTIC_NUM_EXPERTS for --num-experts. Flags win over variables, variables over the config "
    "file. Any other variable ELASTIC_... is an error.\n"
    "\n"
    "NO_COLOR, if it is not empty, turns colours off. Only terminals get colours.";

constexpr const char* kMore =
    "The documentation of the tool is installed in /usr/share/doc/elastic by default.";

}  // namespace

std::string man_page(const std::vector<ListedCommand>& commands) {
  const std::string tool = kToolDescription;
  const std::size_t end = tool.find('\n');
  const std::string summary = tool.substr(tool.find(": ") + 2, end - tool.find(": ") - 2);
  std::string list;
  std::string usage;
  std::string sections;
  for (const ListedCommand& listed : commands) {
    usage += synopsis(listed) + ".br\n";
    list +=
        fmt::format(".TP\n\\fB{}\\fR\n{}\n", roff(listed.command->name()), roff(listed.summary()));
    sections += command_section(listed);
  }
  return fmt::format(
      ".\\\" Made by `elastic man`.\n"
      ".TH ELASTIC 1 \"\" \"elastic {}\" \"User Commands\"\n"
      ".SH NAME\nelastic \\- {}\n"
      ".SH SYNOPSIS\n{}\\fBelastic\\fR \\fB\\-\\-help\\fR | \\fB\\-\\-version\\fR\n"
      ".SH DESCRIPTION\n{}"
      ".SH COMMANDS\n{}{}"
      ".SH ENVIRONMENT\n{}"
      ".SH SEE ALSO\n{}",
      version(),
      roff(summary),
      usage,
      roff_text(tool.substr(end + 1)),
      list,
      sections,
      roff_text(kEnvironment),
      roff_text(kMore));
}

}  // namespace elastic::cli
