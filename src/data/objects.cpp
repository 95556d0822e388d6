#include "data/objects.h"

#include "base/error.h"
#include "data/object_parser.h"

namespace elastic::data {
namespace {

constexpr std::int64_t kNoRow = -1;  // not in a list

}  // namespace

class ObjectReader::Impl {
 public:
  Impl(ObjectSyntax syntax, std::vector<std::string> keys)
      : parser_(syntax), keys_(std::move(keys)) {}

  std::string read(std::string_view line, Record& record) {
    record_ = &record;
    record.resize(keys_.size());
    wanted_.clear();
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      record[i].entries.clear();
      record[i].is_list = false;
      wanted_.push_back({i, keys_[i], false});
    }
    return parser_.parse(line, [&](ObjectParser::Object object, int depth) {
      read_object(object, 0, wanted_.size(), kNoRow, depth);
    });
  }

 private:
  using Kind = ObjectParser::Kind;
  /// A column that is looked for, and what is left of its key below the current object.
  struct Wanted {
    std::size_t column = 0;
    std::string_view rest;
    bool is_here = false;  // the whole key is read: the value itself
  };

  void read_object(
      ObjectParser::Object object, std::size_t begin, std::size_t end, std::int64_t row, int depth);
  void read_value(ObjectParser::Value& value, std::size_t begin, std::int64_t row, int depth);
  void read_list(ObjectParser::Value& list, std::size_t begin, std::size_t end, int depth);
  void match(std::string_view key, std::size_t begin, std::size_t end);
  void set(const Wanted& wanted, const ObjectParser::Token& token, std::int64_t row);
  [[noreturn]] void fail(const Wanted& wanted, const char* problem) const {
    throw BrokenObject{concat("key \"", keys_[wanted.column], "\": ", problem)};
  }
  /// Fails if the value itself is asked for.
  void refuse_here(std::size_t begin, std::size_t end, const char* problem) const {
    for (std::size_t i = begin; i < end; ++i) {
      if (wanted_[i].is_here) {
        fail(wanted_[i], problem);
      }
    }
  }

  ObjectParser parser_;
  std::vector<std::string> keys_;
  Record* record_ = nullptr;
  std::vector<Wanted> wanted_;  // a stack: the columns below each open object
};

// Pushes the columns of [begin, end) that `key` is, or leads to.
void ObjectReader::Impl::match(std::string_view key, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i) {
    const Wanted wanted = wanted_[i];
    const bool is_whole = wanted.rest.size() == key.size();
    const bool is_part = wanted.rest.size() > key.size() && wanted.rest[key.size()] == '.';
    if (wanted.is_here || !(is_whole || is_part) || !wanted.rest.starts_with(key)) {
      continue;
    }
    wanted_.push_back(
        {wanted.column, wanted.rest.substr(key.size() + (is_part ? 1 : 0)), is_whole});
  }
}

void ObjectReader::Impl::read_object(
    ObjectParser::Object object, std::size_t begin, std::size_t end, std::int64_t row, int depth) {
  if (depth > ObjectParser::kDeepest) {
    throw BrokenObject{concat("keys are nested deeper than ", ObjectParser::kDeepest, " levels")};
  }
  for (simdjson::ondemand::field field : object) {
    const std::size_t below = wanted_.size();
    match(parser_.key(field), begin, end);
    if (wanted_.size() == below) {
      parser_.check(field.value(), depth);
    } else {
      read_value(field.value(), below, row, depth);
      wanted_.resize(below);
    }
  }
}

void ObjectReader::Impl::read_value(ObjectParser::Value& value,
                                    std::size_t begin,
                                    std::int64_t row,
                                    int depth) {
  const std::size_t end = wanted_.size();
  const ObjectParser::Token token = parser_.read(value);
  if (token.kind == Kind::kObject) {
    refuse_here(begin, end, "expected text, a number or a list, got an object");
    read_object(value.get_object(), begin, end, row, depth + 1);
  } else if (token.kind == Kind::kList) {
    if (row != kNoRow) {
      fail(wanted_[begin], "lists within lists are not supported");
    }
    read_list(value, begin, end, depth + 1);
  } else {
    for (std::size_t i = begin; i < end; ++i) {
      if (wanted_[i].is_here) {
        set(wanted_[i], token, row);
      }
    }
  }
}

void ObjectReader::Impl::read_list(ObjectParser::Value& list,
                                   std::size_t begin,
                                   std::size_t end,
                                   int depth) {
  for (std::size_t i = begin; i < end; ++i) {
    (*record_)[wanted_[i].column].entries.clear();
    (*record_)[wanted_[i].column].is_list = true;
  }
  std::int64_t row = 0;
  for (ObjectParser::Value element : list.get_array()) {
    const ObjectParser::Token token = parser_.read(element);
    if (token.kind == Kind::kList) {
      fail(wanted_[begin], "lists within lists are not supported");
    } else if (token.kind == Kind::kObject) {
      refuse_here(begin, end, "expected text or numbers in the list, got an object");
      read_object(element.get_object(), begin, end, row, depth + 1);
    } else {
      for (std::size_t i = begin; i < end; ++i) {
        if (wanted_[i].is_here) {
          set(wanted_[i], token, row);
        } else if (token.kind == Kind::kScalar) {
          fail(wanted_[i], "expected objects in the list");
        }
      }
    }
    ++row;
  }
  for (std::size_t i = begin; i < end; ++i) {
    (*record_)[wanted_[i].column].entries.resize(static_cast<std::size_t>(row));
  }
}

void ObjectReader::Impl::set(const Wanted& wanted,
                             const ObjectParser::Token& token,
                             std::int64_t row) {
  FieldValues& values = (*record_)[wanted.column];
  if (row == kNoRow) {
    values.is_list = false;
    values.entries.clear();
    if (token.kind == Kind::kScalar) {
      values.entries.push_back(token.text);
    }
    return;
  }
  values.entries.resize(static_cast<std::size_t>(row) + 1);
  values.entries.back() = token.text;
}

ObjectReader::ObjectReader(ObjectSyntax syntax, std::vector<std::string> keys)
    : impl_(std::make_unique<Impl>(syntax, std::move(keys))) {}
ObjectReader::~ObjectReader() = default;
ObjectReader::ObjectReader(ObjectReader&& other) noexcept = default;
ObjectReader& ObjectReader::operator=(ObjectReader&& other) noexcept = default;

std::string ObjectReader::read(std::string_view line, Record& record) {
  return impl_->read(line, record);
}

}  // namespace elastic::data
