// The layout of --help: examples first, then the options by group, wrapped, with their defaults.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace elastic::cli {

/// The heading of -h, the last one.
inline constexpr const char* kOtherGroup = "Other";

class HelpFormatter : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app,
                        std::string name,
                        CLI::AppFormatMode mode) const override;
};

}  // namespace elastic::cli
