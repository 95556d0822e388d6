#include "cli/options/option_table.h"

#include <algorithm>
#include <cctype>
#include <cstring>

#include "base/error.h"
#include "base/nearest.h"
#include "base/visible_text.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

constexpr const char* kPrefix = "ELASTIC_";
// Variables of the tests and of the Elastic Stack's containers.
const std::vector<std::string> foreign_variables{"ELASTIC_GOLDEN_DIR",
                                                 "ELASTIC_ISA",
                                                 "ELASTIC_TEST_DEVICE",
                                                 "ELASTIC_TEST_PRECISION",
                                                 "ELASTIC_DATA_DIR",
                                                 "ELASTIC_CONTAINER",
                                                 "ELASTIC_PASSWORD",
                                                 "ELASTIC_USERNAME",
                                                 "ELASTIC_VERSION"};
constexpr const char* kForeignPrefix = "ELASTIC_APM_";

bool contains(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

// True for a variable of this tool.
bool is_option_variable(const std::string& name) {
  return name.rfind(kPrefix, 0) == 0 && name.rfind(kForeignPrefix, 0) != 0 &&
         !contains(foreign_variables, name);
}

// "subject: a (its meaning), b or c"
std::string help_of_choice(const std::string& what, const TextTarget& target) {
  const std::string choices = describe_choices(target.names(), target.other());
  return what.empty() ? choices : concat(what, ": ", choices);
}

Option& option_named(const std::string& key, const std::vector<std::unique_ptr<Option>>& options) {
  const auto found = std::find_if(
      options.begin(), options.end(), [&](const auto& option) { return option->key == key; });
  ELASTIC_CHECK(found != options.end(), "no option ", key);
  return **found;
}

}  // namespace

std::string Option::environment() const {
  std::string name = key;
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char letter) {
    return static_cast<char>(std::toupper(letter));
  });
  return kPrefix + name;
}

nlohmann::json Option::normalised(const nlohmann::json& value) const {
  if (!switch_texts || !value.is_boolean()) {
    return value;
  }
  return value.get<bool>() ? switch_texts->second : switch_texts->first;
}

void Option::check(const std::string& origin) const {
  if (const auto* whole = std::get_if<Range>(&range)) {
    check_range(*whole, *std::get<std::int64_t*>(target), origin);
  } else if (const auto* real = std::get_if<RealRange>(&range)) {
    check_range(*real, *std::get<double*>(target), origin);
  }
}

void Option::set(const nlohmann::json& value, const std::string& origin) {
  set_from_json(target, normalised(value), origin);
  check(origin);
}

void Option::set_text(const std::string& text, const std::string& origin) {
  if (switch_texts) {
    bool on = false;
    try {
      set_from_text(&on, text, origin);
      set(on, origin);
      return;
    } catch (const UsageError&) {  // neither true nor false
    }
  }
  set_from_text(target, text, origin);
  check(origin);
}

Option& Option::limit(Scope to, const std::string& value) {
  scope = to;
  value_name = value.empty() ? value_name : value;
  return *this;
}

Option& Option::letter(char flag_letter) {
  short_flag = flag_letter;
  return *this;
}

Option& Option::within(OptionRange numbers) {
  range = numbers;
  return *this;
}

Option& OptionTable::add(std::string key, OptionTarget target, std::string help) {
  auto option = std::make_unique<Option>();
  option->key = std::move(key);
  option->target = target;
  option->help = std::move(help);
  option->group = group_;
  option->value_name = type_name(target);
  option->default_text = to_text(target);
  if (const auto* named = std::get_if<TextTarget>(&target)) {
    option->help = help_of_choice(option->help, *named);
    option->choices.list = named->is_list();
    for (const ChoiceName& choice : named->names()) {
      option->choices.texts.push_back(choice.name);
    }
  }
  options_.push_back(std::move(option));
  return *options_.back();
}

void OptionTable::apply_config(const nlohmann::json& values, const std::string& source) {
  if (!values.is_object()) {
    throw UsageError(source, ": expected an object {\"option\": value, ...}");
  }
  std::vector<std::string> keys;
  for (const auto& option : options_) {
    if (option->scope == Scope::kEverywhere || option->of_run) {
      keys.push_back(option->key);
    }
  }
  for (const auto& [key, value] : values.items()) {
    if (!contains(keys, key)) {
      throw UsageError(source, ": unknown key \"", key, "\"", did_you_mean(key, keys));
    }
    for (const auto& option : options_) {
      if (option->key == key) {
        option->set(value, concat(source, ": ", key));
        option->source = source;
      }
    }
  }
}

void OptionTable::apply_environment(const char* const* variables,
                                    const std::vector<std::string>& others) {
  const std::vector<std::string> own = environment_names();
  for (; *variables != nullptr; ++variables) {
    const std::string text = *variables;
    const std::string name = text.substr(0, text.find('='));
    if (!is_option_variable(name)) {
      continue;
    }
    if (!contains(own, name)) {
      if (contains(others, name)) {
        continue;
      }
      std::vector<std::string> known = own;
      known.insert(known.end(), others.begin(), others.end());
      const std::string meant = did_you_mean(name, known);
      throw UsageError(
          "environment: unknown variable ",
          name,
          meant.empty() ? "; unset it, or rename it if it is another program's" : meant);
    }
    for (const auto& option : options_) {
      if (option->has_environment() && option->environment() == name) {
        option->set_text(text.substr(name.size() + 1), "environment: " + name);
        option->source = name;
      }
    }
  }
}

void OptionTable::apply_flag(Option& option, const std::vector<std::string>& given) {
  const bool positional = option.scope == Scope::kPositional;
  option.source = positional ? option.value_name : option.flag();
  if (is_repeatable(option.target)) {
    set_from_json(option.target, given, option.source);
    return;
  }
  std::string text = given.front();
  for (std::size_t next = 1; next < given.size(); ++next) {
    if (!option.joins && !option.is_switch()) {
      throw UsageError(option.source,
                       ": takes one value, got ",
                       given.size(),
                       ": '",
                       given[0],
                       "' and '",
                       given[1],
                       "'");
    }
    text = option.joins ? concat(text, ",", given[next]) : given[next];
  }
  option.set_text(text, option.source);
}

const Option& OptionTable::find(const std::string& key) const {
  return option_named(key, options_);
}

Option& OptionTable::find(const std::string& key) {
  return option_named(key, options_);
}

std::vector<std::string> OptionTable::environment_names() const {
  std::vector<std::string> names;
  for (const auto& option : options_) {
    if (option->has_environment()) {
      names.push_back(option->environment());
    }
  }
  return names;
}

nlohmann::ordered_json OptionTable::to_config() const {
  nlohmann::ordered_json values = nlohmann::ordered_json::object();
  for (const auto& option : options_) {
    if (option->scope == Scope::kEverywhere) {
      values[option->key] = to_json(option->target);
    }
  }
  return values;
}

std::string OptionTable::print_config() const {
  std::vector<const Option*> shown;
  const Option* last_entry = nullptr;
  const bool has_config = !to_config().empty();
  for (const auto& option : options_) {
    if (option->has_environment()) {
      shown.push_back(option.get());
      const bool is_entry = !has_config || option->scope == Scope::kEverywhere;
      last_entry = is_entry ? option.get() : last_entry;
    }
  }
  std::string text = "{\n";
  std::string group;
  for (const Option* option : shown) {
    if (option->group != group) {
      group = option->group;
      text += concat("  // ", group, "\n");
    }
    const bool is_entry = !has_config || option->scope == Scope::kEverywhere;
    std::string line = concat(is_entry ? "  \"" : "  // \"",
                              option->key,
                              "\": ",
                              data::json_text(to_json(option->target)));
    line += is_entry && option != last_entry ? "," : "";
    line.resize(std::max<std::size_t>(line.size() + 2, 40), ' ');
    text += concat(line, "// ", visible(option->source), "\n");
  }
  return text + "}\n";
}

}  // namespace elastic::cli
