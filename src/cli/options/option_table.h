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

#include "base/option_range.h"
#include "cli/options/option_value.h"

namespace elastic::cli {

/// Where an option may be set.
enum class Scope {
  kEverywhere,  ///< config file, environment, flag
  kSession,     ///< environment, flag: results do not depend on it, such as --quiet
  kFlagOnly,    ///< valid for one call, such as --resume
  kPositional,  ///< an argument without a flag
};

/// The completions of a text option; a choice offers the names of its table.
struct Choices {
  std::vector<std::string> texts;  ///< none: any text
  bool list = false;               ///< several, separated by commas
};

/// The source of a value that no layer has set.
inline constexpr const char* kDefaultSource = "default";

struct Option {
  std::string key;  ///< as in a config file: num_experts
  OptionTarget target;
  std::string help;
  std::string group;
  Scope scope = Scope::kEverywhere;
  char short_flag = '\0';
  bool required = false;  ///< for positionals
  bool of_run = false;    ///< for kSession: also set by the config of the run that is read
  bool joins = false;     ///< a repeated flag appends to the list, after a comma
  /// For options that used to be switches: the texts that replace false and true in old configs.
  std::optional<std::pair<const char*, const char*>> switch_texts;
  Choices choices;
  OptionRange range;                    ///< of a number
  std::string value_name;               ///< in the help, instead of the type's name: "FILE"
  std::string default_text;             ///< the value at declaration
  std::string source = kDefaultSource;  ///< origin of the value: a file, a variable, a flag

  [[nodiscard]] std::string flag() const { return flag_of(key); }  ///< --num-experts
  [[nodiscard]] std::string environment() const;                   ///< ELASTIC_NUM_EXPERTS
  /// The value in the form of the option: switch_texts replace false and true.
  [[nodiscard]] nlohmann::json normalised(const nlohmann::json& value) const;
  /// Sets the value from JSON. Throws UsageError that names `origin` for a value of the wrong type,
  /// or one outside the range or the choices.
  void set(const nlohmann::json& value, const std::string& origin);
  /// The same from the text of a variable or a flag; options that used to be switches accept true
  /// and false too.
  void set_text(const std::string& text, const std::string& origin);
  /// True if a file, a variable or a flag has set it.
  [[nodiscard]] bool is_set() const { return source != kDefaultSource; }
  [[nodiscard]] bool is_switch() const { return std::holds_alternative<bool*>(target); }
  /// True if there is a flag --no-...
  [[nodiscard]] bool has_opposite() const { return is_switch() && has_environment(); }
  [[nodiscard]] bool has_environment() const {
    return scope == Scope::kEverywhere || scope == Scope::kSession;
  }
  /// True if it was set on the command line.
  [[nodiscard]] bool is_given() const { return source == flag(); }

  // For declarations: table.add(...).flag_only("FILE"). Without a name the help shows the type's.
  Option& flag_only(const std::string& value = "") { return limit(Scope::kFlagOnly, value); }
  Option& session(const std::string& value = "") { return limit(Scope::kSession, value); }
  Option& positional(const std::string& value) { return limit(Scope::kPositional, value); }
  Option& limit(Scope to, const std::string& value);
  Option& letter(char flag_letter);
  Option& within(OptionRange numbers);

 private:
  // Throws UsageError that names `origin` if the number is outside the range.
  void check(const std::string& origin) const;
};

class OptionTable {
 public:
  /// Starts a group: the help lists the options declared from now on under this heading.
  void begin_group(std::string group) { group_ = std::move(group); }
  /// `target` holds the default and must outlive the table. The names of a choice are added to its
  /// help, which names their subject (or is ""). The result is for setting exceptions:
  /// `.flag_only("FILE")`, `.session()`, `.positional("RUN")`, `.letter('k')`.
  Option& add(std::string key, OptionTarget target, std::string help);
  /// The same for an option of a config struct, with the facts that its `visit_options` gives.
  template <class... Facts>
  Option& add_field(const char* key, OptionTarget target, const char* help, const Facts&... facts) {
    Option& option = add(key, target, help);
    [[maybe_unused]] const auto take = [&option](const auto& fact) {
      if constexpr (std::is_constructible_v<OptionRange, decltype(fact)>) {
        option.range = fact;
      }
    };
    (take(facts), ...);
    return option;
  }
  /// Declares every option of a config struct that has `visit_options`.
  template <class Config>
  void add_all(Config& config) {
    visit_options(config,
                  [this](const char* key, auto& field, const char* help, const auto&... facts) {
                    add_field(key, &field, help, facts...);
                  });
  }

  /// Throws UsageError for an unknown key (suggesting the nearest), a value of the wrong type or
  /// one outside the option's range or choices; `source` names the file.
  void apply_config(const nlohmann::json& values, const std::string& source);
  /// Reads variables "NAME=value", null-terminated as `environ`. Names that start with ELASTIC_ and
  /// are neither in this table nor in `others` are refused.
  void apply_environment(const char* const* variables, const std::vector<std::string>& others);
  /// Sets an option to the values of its flag, in the order of the command line. Throws UsageError
  /// for a value of the wrong type or outside the option's range or choices, and for several values
  /// of an option that takes one.
  void apply_flag(Option& option, const std::vector<std::string>& given);
  void apply_flag(Option& option, const std::string& value) {
    apply_flag(option, std::vector<std::string>{value});
  }

  [[nodiscard]] std::vector<std::unique_ptr<Option>>& options() { return options_; }
  [[nodiscard]] const std::vector<std::unique_ptr<Option>>& options() const { return options_; }
  /// The option declared under the key.
  [[nodiscard]] const Option& find(const std::string& key) const;
  [[nodiscard]] Option& find(const std::string& key);
  /// Names of the environment variables it reads.
  [[nodiscard]] std::vector<std::string> environment_names() const;
  /// The values as a config file that sets every option it can hold.
  [[nodiscard]] nlohmann::ordered_json to_config() const;
  /// The same as text, with the source of each value as a comment. Options that a config file
  /// cannot hold are comments too, unless no option is for config files.
  [[nodiscard]] std::string print_config() const;

 private:
  std::vector<std::unique_ptr<Option>> options_;  // pointers, so that references stay valid
  std::string group_ = "Options";
};

}  // namespace elastic::cli
