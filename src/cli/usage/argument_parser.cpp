#include "cli/usage/argument_parser.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <utility>

#include "base/error.h"
#include "base/nearest.h"
#include "cli/options/config_file.h"
#include "cli/output/build_info.h"
#include "cli/output/output.h"
#include "cli/usage/command_list.h"
#include "cli/usage/help_formatter.h"

namespace elastic::cli {
namespace {

CLI::Option* bind_option(CLI::App& app, const Option& option) {
  CLI::Option* bound = nullptr;
  if (option.scope == Scope::kPositional) {
    bound = app.add_option(option.value_name, option.help)->required(option.required);
    if (is_repeatable(option.target)) {
      bound->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->expected(-1);
    }
    return bound;
  }
  std::string names = option.flag();
  if (option.short_flag != '\0') {
    names = std::string("-") + option.short_flag + "," + names;
  }
  if (option.is_switch()) {
    if (option.has_opposite()) {
      names += ",!--no-" + option.flag().substr(2);
    }
    bound = app.add_flag(names)->description(option.help);
  } else {
    bound = app.add_option(names, option.help)->type_name(option.value_name);
  }
  // Every value reaches the table, which refuses several values of an option that takes one.
  bound->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)->group(option.group);
  if (option.scope != Scope::kFlagOnly || !option.is_switch()) {
    bound->default_str(option.default_text);
  }
  return bound;
}

void apply_config(OptionTable& table, const ConfigLayer& layer) {
  try {
    table.apply_config(layer.values, layer.source);
  } catch (const UsageError& error) {
    if (layer.of_run) {
      throw CheckpointError(error.what());
    }
    throw;
  }
}

}  // namespace

ArgumentParser::ArgumentParser() : app_(std::make_unique<CLI::App>(kToolDescription, "elastic")) {
  app_->formatter(std::make_shared<HelpFormatter>());
  app_->set_help_flag("-h,--help", "print this help");
  app_->add_flag("--version")->description("print the version and the build of this binary");
  app_->allow_extras();  // refuse_leftovers suggests the nearest name
  app_->require_subcommand(0, 1);
  for (auto& command : make_all_commands()) {
    commands_.emplace_back();
    commands_.back().command = std::move(command);
  }
  for (BoundCommand& bound : commands_) {
    bind(bound);
  }
}

ArgumentParser::~ArgumentParser() = default;

void ArgumentParser::bind(BoundCommand& bound) {
  bound.command->declare(bound.table);
  bound.app = app_->add_subcommand(bound.command->name(), bound.command->description());
  bound.app->allow_extras();
  bound.app->get_help_ptr()->group(kOtherGroup);
  if (bound.command->hidden()) {
    bound.app->group("");
  }
  for (const auto& option : bound.table.options()) {
    bound.options.push_back(bind_option(*bound.app, *option));
  }
  if (!bound.table.environment_names().empty()) {
    bound.print_config = bound.app->add_flag_callback(
        kPrintConfigFlag,
        // CLI11 calls it before it checks required arguments: printing options needs no run.
        [&bound] {
          for (CLI::Option* option : bound.options) {
            option->required(false);
          }
        },
        kPrintConfigHelp);
    bound.print_config->group(kOtherGroup);
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
  const bool is_root = &app == app_.get();
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
    if (!bound.command->hidden()) {
      names.push_back(bound.command->name());
    }
  }
  throw UsageError(
      "unknown command \"", leftovers.front(), "\"", did_you_mean(leftovers.front(), names), help);
}

BoundCommand* ArgumentParser::parse(int argc,
                                    const char* const* argv,
                                    const char* const* environment) {
  try {
    app_->parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    print(app_->help());
    return nullptr;
  } catch (const CLI::ParseError& error) {
    for (const BoundCommand& bound : commands_) {
      if (bound.app->parsed()) {
        refuse_leftovers(*bound.app);  // reports a mistyped flag rather than its missing value
        throw UsageError(error.what(), " (see elastic ", bound.command->name(), " --help)");
      }
    }
    throw UsageError(error.what());
  }
  for (BoundCommand& bound : commands_) {
    if (bound.app->parsed()) {
      refuse_leftovers(*bound.app);
      refuse_leftovers(*app_);
      apply_layers(bound, environment);
      if (bound.print_config != nullptr && bound.print_config->count() > 0) {
        print(bound.table.print_config());
        return nullptr;
      }
      return &bound;
    }
  }
  refuse_leftovers(*app_);
  if (app_->count("--version") > 0) {
    print(version_text());
    return nullptr;
  }
  throw NoCommand{app_->help()};
}

void ArgumentParser::apply_layers(BoundCommand& bound, const char* const* environment) {
  apply_flags(bound, true);
  if (const auto layer = bound.command->config_layer()) {
    apply_config(bound.table, *layer);
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
      bound.table.apply_flag(option, bound.options[i]->results());
    }
  }
}

}  // namespace elastic::cli
