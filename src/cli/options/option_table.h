// The options of a subcommand, each declared once: flag, config key, environment variable, help.
//
// Values are set in layers, later ones winning: defaults < config file < environment < flags. The
// table remembers which layer set each value.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "cli/options/option_value.h"

namespace elastic::cli {

/// Where an option may be set.
enum class Scope {
  kEverywhere,  ///< config file, environment, flag
  kSession,     ///< environment, flag: what a result does not depend on, such as --quiet
  kFlagOnly,    ///< what belongs to one call, such as --resume
  kPositional,  ///< an argument without a flag
};

/// What shells offer for a text option; a choice has the names of its table.
struct Choices {
  std::vector<std::string> texts;  ///< none: any text
  bool list = false;               ///< several, separated by commas
};

/// The source of a value that nothing has set.
inline constexpr const char* kDefaultSource = "default";

struct Option {
  std::string key;  ///< as in a config file: num_experts
  OptionTarget target;
  std::string help;
  std::string group;
  Scope scope = Scope::kEverywhere;
  char short_flag = '\0';
  bool required = false;  ///< of positionals
  bool joins = false;     ///< given again, a value adds to the list, after a comma
  /// Of a text that was a switch once: what false and true of older configs stand for.
  std::optional<std::pair<const char*, const char*>> switch_texts;
  Choices choices;
  std::string value_name;               ///< in the help, instead of the type's: "FILE"
  std::string default_text;             ///< the value when declared
  std::string source = kDefaultSource;  ///< what set the value: a file, a variable, a flag

  [[nodiscard]] std::string flag() const;         ///< --num-experts
  [[nodiscard]] std::string environment() const;  ///< ELASTIC_NUM_EXPERTS
  /// The value as the option would hold it: for switch_texts their text, else as it is.
  [[nodiscard]] nlohmann::json normalised(const nlohmann::json& value) const;
  /// By a file, a variable or a flag.
  [[nodiscard]] bool is_set() const { return source != kDefaultSource; }
  [[nodiscard]] bool is_switch() const { return std::holds_alternative<bool*>(target); }
  /// Where --no-... turns it off.
  [[nodiscard]] bool has_opposite() const { return is_switch() && has_environment(); }
  [[nodiscard]] bool has_environment() const {
    return scope == Scope::kEverywhere || scope == Scope::kSession;
  }
  /// Set on the command line.
  [[nodiscard]] bool is_given() const { return source == flag(); }

  // For declarations: table.add(...).flag_only("FILE"). Without a name the help shows the type's.
  Option& flag_only(const std::string& value = "") { return limit(Scope::kFlagOnly, value); }
  Option& session(const std::string& value = "") { return limit(Scope::kSession, value); }
  Option& positional(const std::string& value) { return limit(Scope::kPositional, value); }
  Option& limit(Scope to, const std::string& value);
  Option& letter(char flag_letter);
};

class OptionTable {
 public:
  /// Options declared from now on stand under this heading of the help.
  void begin_group(std::string group) { group_ = std::move(group); }
  /// `target` holds the default and must outlive the table. The names of a choice are added to its
  /// help, which says what is chosen (or is ""). The result is for naming exceptions to the rule:
  /// `.flag_only("FILE")`, `.session()`, `.positional("RUN")`, `.letter('k')`.
  Option& add(std::string key, OptionTarget target, std::string help);
  /// Declares every option of a config struct that has `visit_options`.
  template <class Config>
  void add_all(Config& config) {
    visit_options(config, [this](const char* key, auto& field, const char* help, const auto&...) {
      add(key, &field, help);
    });
  }

  /// Throws UsageError for an unknown key (suggesting the nearest), a value of the wrong type or
  /// one that is none of its option's choices; `source` names the file.
  void apply_config(const nlohmann::json& values, const std::string& source);
  /// Reads variables "NAME=value", null-terminated as `environ`. Names that start with ELASTIC_ and
  /// are neither here nor in `others` are refused.
  void apply_environment(const char* const* variables, const std::vector<std::string>& others);
  /// Throws UsageError for a value of the wrong type or none of the option's choices.
  void apply_flag(Option& option, const std::string& text);

  [[nodiscard]] std::vector<std::unique_ptr<Option>>& options() { return options_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Option>>& options() const { return options_; }
  /// Of an option that was declared.
  [[nodiscard]] const Option& find(const std::string& key) const;
  [[nodiscard]] Option& find(const std::string& key);
  /// Names of the environment variables it reads.
  [[nodiscard]] std::vector<std::string> environment_names() const;
  /// What a config file can hold, as one that sets every value.
  [[nodiscard]] nlohmann::ordered_json to_config() const;
  /// The same as text, with a comment on what set each value. Options that a config file cannot
  /// hold are comments as well, unless no option is for config files.
  [[nodiscard]] std::string print_config() const;

 private:
  std::vector<std::unique_ptr<Option>> options_;  // pointers, so that references stay valid
  std::string group_ = "Options";
};

}  // namespace elastic::cli
