#include "cli/options/option_value.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <type_traits>

#include "base/error.h"
#include "cli/options/raw_text.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

const char* expectation(OptionTarget target) {
  switch (target.index()) {
    case 0:
      return "true or false";
    case 1:
      return "an integer";
    case 2:
      return "an integer from 0";
    case 3:
      return "a number";
    default:
      return "text";
  }
}

[[noreturn]] void fail(OptionTarget target, const std::string& got, const std::string& source) {
  throw UsageError(source, ": expected ", expectation(target), ", got ", got);
}

// Parses the whole text as a number; false if text is left over or it does not fit.
template <class T>
bool parse_number(const std::string& text, T& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

bool parse(const std::string& text, bool& value) {
  const bool yes = text == "true" || text == "1" || text == "yes" || text == "on";
  const bool no = text == "false" || text == "0" || text == "no" || text == "off";
  value = yes;
  return yes || no;
}
bool parse(const std::string& text, std::int64_t& value) {
  return parse_number(text, value);
}
bool parse(const std::string& text, std::uint64_t& value) {
  return parse_number(text, value);
}
bool parse(const std::string& text, double& value) {
  return parse_number(text, value) && std::isfinite(value);
}
bool parse(const std::string& text, std::string& value) {
  value = text;
  return true;
}

bool parse(const std::string& text, std::vector<std::string>& values) {
  values = text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text};
  return true;
}

bool holds_texts(const nlohmann::json& value) {
  return value.is_array() && std::all_of(value.begin(), value.end(), [](const auto& element) {
           return element.is_string();
         });
}

template <class T>
bool holds(const nlohmann::json& value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value.is_boolean();
  } else if constexpr (std::is_same_v<T, std::int64_t>) {
    // Unsigned values beyond int64 would wrap around.
    return value.is_number_integer() &&
           (!value.is_number_unsigned() || value.get<std::uint64_t>() <= INT64_MAX);
  } else if constexpr (std::is_same_v<T, std::uint64_t>) {
    return value.is_number_unsigned();
  } else if constexpr (std::is_same_v<T, double>) {
    return value.is_number();
  } else {
    return value.is_string();
  }
}

// Calls visitor(field) unless the target is a TextTarget.
template <class Visitor>
void visit_plain(OptionTarget target, const Visitor& visitor) {
  std::visit(
      [&](auto field) {
        if constexpr (std::is_pointer_v<decltype(field)>) {
          visitor(field);
        }
      },
      target);
}

}  // namespace

void set_from_text(OptionTarget target, const std::string& text, const std::string& source) {
  if (const auto* named = std::get_if<TextTarget>(&target)) {
    named->set(text, source);
    return;
  }
  visit_plain(target, [&](auto* field) {
    auto value = *field;
    if (!parse(text, value)) {
      fail(target, "\"" + text + "\"", source);
    }
    *field = value;
  });
}

void set_from_json(OptionTarget target, const nlohmann::json& value, const std::string& source) {
  if (const auto* named = std::get_if<TextTarget>(&target)) {
    if (!value.is_string()) {
      fail(target, data::json_text(value), source);
    }
    named->set(from_json_spelling(value.get<std::string>()), source);
    return;
  }
  if (auto* const* texts = std::get_if<std::vector<std::string>*>(&target)) {
    if (!value.is_string() && !holds_texts(value)) {
      throw UsageError(source, ": expected text or a list of texts, got ", data::json_text(value));
    }
    (*texts)->clear();
    for (const nlohmann::json& text : value.is_array() ? value : nlohmann::json::array({value})) {
      (*texts)->push_back(from_json_spelling(text.get<std::string>()));
    }
    if (value == "") {
      (*texts)->clear();
    }
    return;
  }
  visit_plain(target, [&](auto* field) {
    using T = std::remove_pointer_t<decltype(field)>;
    if (!holds<T>(value)) {
      fail(target, data::json_text(value), source);
    }
    *field = value.get<T>();
    if constexpr (std::is_same_v<T, std::string>) {
      *field = from_json_spelling(*field);
    }
  });
}

nlohmann::json to_json(OptionTarget target) {
  if (const auto* named = std::get_if<TextTarget>(&target)) {
    return to_json_spelling(named->text());
  }
  if (const auto* const* texts = std::get_if<std::vector<std::string>*>(&target)) {
    nlohmann::json values = nlohmann::json::array();
    for (const std::string& text : **texts) {
      values.push_back(to_json_spelling(text));
    }
    return values.empty() ? nlohmann::json("") : values.size() == 1 ? values.front() : values;
  }
  nlohmann::json json;
  visit_plain(target, [&](const auto* field) {
    if constexpr (std::is_same_v<decltype(field), const std::string*>) {
      json = to_json_spelling(*field);
    } else {
      json = *field;
    }
  });
  return json;
}

std::string to_text(OptionTarget target) {
  const nlohmann::json value = to_json(target);
  return value.is_string() ? value.get<std::string>() : data::json_text(value);
}

const char* type_name(OptionTarget target) {
  switch (target.index()) {
    case 0:
      return "";
    case 1:
    case 2:
      return "INT";
    case 3:
      return "NUMBER";
    default:
      return "TEXT";
  }
}

}  // namespace elastic::cli
