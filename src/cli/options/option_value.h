// A typed option value, read from the text of a flag or variable, or from JSON.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <variant>

namespace elastic::cli {

/// Where an option's value lives.
using OptionTarget = std::variant<bool*, std::int64_t*, std::uint64_t*, double*, std::string*>;

/// Each throws UsageError "<source>: expected an integer, got ..." for a value of the wrong type.
void set_from_text(OptionTarget target, const std::string& text, const std::string& source);
void set_from_json(OptionTarget target, const nlohmann::json& value, const std::string& source);

nlohmann::json to_json(OptionTarget target);
/// As the help shows it: no quotes around text.
std::string to_text(OptionTarget target);
/// What the help calls such a value: "INT", "NUMBER", "TEXT"; "" for a switch.
const char* type_name(OptionTarget target);

}  // namespace elastic::cli
