// The layout of --help: description and examples, then options by group with their defaults.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace elastic::cli {

/// The last group of the help, which holds -h.
inline constexpr const char* kOtherGroup = "Other";

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app,
                        std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace elastic::cli
