// The layout of --help: examples first, then the options by group, wrapped, with their defaults.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace elastic::cli {

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override;
  std::string make_subcommand(const CLI::App* subcommand) const override;
  std::string make_usage(const CLI::App* app, std::string name) const override;
};

}  // namespace elastic::cli
