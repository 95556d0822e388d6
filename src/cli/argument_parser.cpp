#include "cli/argument_parser.h"

#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/build_info.h"
#include "cli/help_formatter.h"
#include "cli/output.h"

namespace elastic::cli {
namespace {

constexpr const char* kDescription =
    "elastic: sequential recommendation with interest experts in linear time\n"
    "\n"
    "  elastic train --data ratings.csv --out runs/first\n"
    "  elastic eval runs/first\n"
    "  echo 42 | elastic predict runs/first\n"
    "\n"
    "Results go to standard output, everything else to standard error. Exit codes: 0 ok, 1 "
    "failure,\n"
    "2 usage or config, 3 bad input data, 4 out of memory, 5 not a number, 6 run unusable,\n"
    "7 no such device, 130 or 143 stopped by a signal with the state saved.";

void print(const std::string& text) {
  Output output;
  output.write(text);
  output.flush();
}

CLI::Option* bind_option(CLI::App& app, const Option& option) {
  CLI::Option* bound = nullptr;
  if (option.scope == Scope::kPositional) {
    bound = app.add_option(option.value_name, option.help)->required(option.required);
    return bound;
  }
  std::string names = option.flag();
  if (option.short_flag != '\0') {
    names = std::string("-") + option.short_flag + "," + names;
  }
  if (std::holds_alternative<bool*>(option.target)) {
    if (option.has_environment()) {
      names += ",!--no-" + option.flag().substr(2);
    }
    bound = app.add_flag(names)->description(option.help);
  } else {
    bound = app.add_option(names, option.help)->type_name(option.value_name);
  }
  // The last one wins, so that a script can append its own.
  bound->multi_option_policy(CLI::MultiOptionPolicy::TakeLast)->group(option.group);
  if (option.scope != Scope::kFlagOnly || !std::holds_alternative<bool*>(option.target)) {
    bound->default_str(option.default_text);
  }
  return bound;
}

}  // namespace

ArgumentParser::ArgumentParser() : app_(kDescription, "elastic") {
  app_.formatter(std::make_shared<HelpFormatter>());
  app_.set_help_flag("-h,--help", "print this help");
  app_.add_flag("--version")->description("print the version and what this binary was built with");
  app_.allow_extras();  // judged by refuse_leftovers, which knows the nearest name
  app_.require_subcommand(0, 1);
  for (auto& command : make_all_commands()) {
    commands_.emplace_back();
    commands_.back().command = std::move(command);
  }
  for (BoundCommand& bound : commands_) {
    bind(bound);
  }
}

void ArgumentParser::bind(BoundCommand& bound) {
  bound.command->declare(bound.table);
  bound.app = app_.add_subcommand(bound.command->name(), bound.command->description());
  bound.app->allow_extras();
  bound.app->get_help_ptr()->group(kOtherGroup);
  for (const auto& option : bound.table.options()) {
    bound.options.push_back(bind_option(*bound.app, *option));
  }
}

void ArgumentParser::refuse_leftovers(const CLI::App& app) const {
  const std::vector<std::string> leftovers = app.remaining();
  if (leftovers.empty()) {
    return;
  }
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      flags.push_back("--" + name);
    }
  }
  const bool is_root = &app == &app_;
  const std::string help =
      concat(" (see ", is_root ? "elastic" : "elastic " + app.get_name(), " --help)");
  for (const std::string& leftover : leftovers) {
    if (leftover.size() > 1 && leftover[0] == '-') {
      const std::string name = leftover.substr(0, leftover.find('='));
      throw UsageError("unknown option ", name, did_you_mean(name, flags), help);
    }
  }
  if (!is_root) {
    throw UsageError("unexpected argument \"", leftovers.front(), "\"", help);
  }
  std::vector<std::string> names;
  for (const BoundCommand& bound : commands_) {
    names.push_back(bound.command->name());
  }
  throw UsageError(
      "unknown command \"", leftovers.front(), "\"", did_you_mean(leftovers.front(), names), help);
}

BoundCommand* ArgumentParser::parse(int argc,
                                    const char* const* argv,
                                    const char* const* environment) {
  try {
    app_.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app_.help());
    return nullptr;
  } catch (const CLI::ParseError& error) {
    throw UsageError(error.what());
  }
  for (BoundCommand& bound : commands_) {
    if (bound.app->parsed()) {
      refuse_leftovers(*bound.app);
      refuse_leftovers(app_);
      apply_layers(bound, environment);
      return &bound;
    }
  }
  refuse_leftovers(app_);
  if (app_.count("--version") > 0) {
    print(version_text());
    return nullptr;
  }
  throw UsageError("which command?\n\n", app_.help());
}

void ArgumentParser::apply_layers(BoundCommand& bound, const char* const* environment) {
  apply_flags(bound, true);
  if (const auto layer = bound.command->config_layer()) {
    bound.table.apply_config(layer->values, layer->source);
  }
  std::vector<std::string> others;
  for (const BoundCommand& other : commands_) {
    const auto names = other.table.environment_names();
    others.insert(others.end(), names.begin(), names.end());
  }
  bound.table.apply_environment(environment, others);
  apply_flags(bound, false);
}

void ArgumentParser::apply_flags(BoundCommand& bound, bool flag_only) {
  for (std::size_t i = 0; i < bound.options.size(); ++i) {
    Option& option = *bound.table.options()[i];
    if (option.has_environment() != flag_only && bound.options[i]->count() > 0) {
      bound.table.apply_flag(option, bound.options[i]->results().back());
    }
  }
}

}  // namespace elastic::cli
