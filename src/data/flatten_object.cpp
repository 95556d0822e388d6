#include <map>

#include "data/object_parser.h"
#include "data/objects.h"

namespace elastic::data {
namespace {

constexpr std::size_t kMostKeys = 1000;
constexpr std::size_t kMostEntries = 1000;

/// Collects the keys of one object with their values.
class Flattener {
 public:
  explicit Flattener(ObjectParser& parser) : parser_(parser) {}

  void object(ObjectParser::Object object, const std::string& prefix, int depth) {
    if (depth > ObjectParser::kDeepest) {
      throw BrokenObject{"nested too deep"};
    }
    for (simdjson::ondemand::field field : object) {
      const std::string key = prefix + std::string(parser_.key(field));
      value(field.value(), key, depth);
    }
  }

  /// The keys that have only values that can be read.
  std::vector<KeyValues> result() {
    std::vector<KeyValues> readable;
    for (Found& found : found_) {
      if (found.is_readable) {
        readable.push_back(std::move(found.values));
      }
    }
    return readable;
  }

 private:
  using Kind = ObjectParser::Kind;
  struct Found {
    KeyValues values;
    std::size_t list = 0;  // the list of the latest value, 0: none
    bool is_readable = true;
  };

  void value(ObjectParser::Value& value, const std::string& key, int depth) {
    const ObjectParser::Token token = parser_.read(value);
    if (token.kind == Kind::kObject) {
      object(value.get_object(), key + ".", depth + 1);
    } else if (token.kind == Kind::kList) {
      list(value, key, depth + 1);
    } else {
      add(key, token);
    }
  }

  void list(ObjectParser::Value& value, const std::string& key, int depth);
  Found* find(const std::string& key);
  void add(const std::string& key, const ObjectParser::Token& token);

  ObjectParser& parser_;
  std::vector<Found> found_;
  std::map<std::string, std::size_t, std::less<>> places_;  // in `found_`
  std::size_t list_ = 0;                                    // the current list, 0: none
  std::size_t num_lists_ = 0;
  std::size_t row_ = 0;               // its current entry
  std::vector<std::size_t> touched_;  // the keys that have values in it, as places in `found_`
};

// The entry of a key, made if new, and emptied where another list, or none, begins; null: too many.
Flattener::Found* Flattener::find(const std::string& key) {
  const auto place = places_.find(key);
  if (place == places_.end() && found_.size() == kMostKeys) {
    return nullptr;
  }
  const std::size_t at = place == places_.end() ? found_.size() : place->second;
  if (place == places_.end()) {
    places_.emplace(key, at);
    found_.push_back({{key, {}, list_ != 0}, 0, true});
  }
  Found& found = found_[at];
  if (list_ == 0 || found.list != list_) {
    found.values = {key, {}, list_ != 0};
    found.list = list_;
    found.is_readable = true;
    if (list_ != 0) {
      touched_.push_back(at);
    }
  }
  return &found;
}

void Flattener::add(const std::string& key, const ObjectParser::Token& token) {
  Found* const found = find(key);
  if (found == nullptr || (list_ != 0 && row_ >= kMostEntries)) {
    return;
  }
  std::vector<std::string>& entries = found->values.entries;
  if (list_ != 0) {
    entries.resize(row_ + 1);
    entries.back() = token.text;
  } else if (token.kind == Kind::kScalar) {
    entries.emplace_back(token.text);
  }
}

void Flattener::list(ObjectParser::Value& value, const std::string& key, int depth) {
  if (list_ != 0) {  // a list within a list
    if (Found* const found = find(key)) {
      found->is_readable = false;
    }
    parser_.check(value, depth - 1);
    return;
  }
  list_ = ++num_lists_;
  touched_.clear();
  bool has_scalars = false;
  bool has_objects = false;
  bool has_lists = false;
  row_ = 0;
  for (ObjectParser::Value element : value.get_array()) {
    const ObjectParser::Token token = parser_.read(element);
    if (token.kind == Kind::kObject) {
      has_objects = true;
      object(element.get_object(), key + ".", depth + 1);
    } else if (token.kind == Kind::kList) {
      has_lists = true;
      parser_.check(element, depth);
    } else {
      has_scalars = has_scalars || token.kind == Kind::kScalar;
      add(key, token);
    }
    ++row_;
  }
  if (!has_objects) {
    if (Found* const found = find(key)) {
      found->is_readable = !has_lists;
    }
  }
  for (const std::size_t at : touched_) {
    Found& found = found_[at];
    const bool is_key_of_objects = found.values.key != key;
    found.is_readable = found.is_readable && !has_lists && is_key_of_objects == has_objects &&
                        !(has_objects && has_scalars);
    found.values.entries.resize(std::min(row_, kMostEntries));
  }
  list_ = 0;
}

}  // namespace

std::optional<std::vector<KeyValues>> flatten_object(ObjectSyntax syntax, std::string_view line) {
  ObjectParser parser(syntax);
  Flattener flattener(parser);
  const std::string problem = parser.parse(
      line, [&](ObjectParser::Object object, int depth) { flattener.object(object, "", depth); });
  if (!problem.empty()) {
    return std::nullopt;
  }
  return flattener.result();
}

}  // namespace elastic::data
