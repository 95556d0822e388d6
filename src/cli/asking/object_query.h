// JSON objects of the input of `predict`.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/log_format.h"
#include "data/objects.h"

namespace elastic::cli {

struct Query;

/// Reads objects with the keys of `predict`, and with those of the log if it is one of objects.
/// Numbers that are ids are spelled as in the log: 1.0 is 1, and integers keep all their digits.
class ObjectQuery {
 public:
  /// `log` may be null. Events have no candidates, exclude and k. Times are keys only with
  /// `has_times`.
  ObjectQuery(const data::LogFormat* log, bool is_event, bool has_times = false);

  /// Sets the parts of `query`. Throws DataError if `content` is not such an object.
  void read(std::string_view content, Query& query);

 private:
  enum class Part { kUser, kItem, kHistory, kPrefix, kCandidates, kExclude, kCount, kTimes, kTime };
  struct Key {
    std::string name;
    Part part = Part::kUser;
    bool is_of_log = false;
  };

  void set(const Key& key, const data::FieldValues& values, Query& query) const;
  static void set_times(const Key& key, const data::FieldValues& values, Query& query);
  void finish(Query& query, bool is_log_event) const;
  void require_known_keys(std::string_view content) const;

  bool is_event_;
  data::ObjectSyntax syntax_ = data::ObjectSyntax::kJson;
  std::vector<Key> keys_;
  std::vector<data::ObjectReader> readers_;  ///< JSON, then the log's syntax if it is another
  data::Record record_;
};

/// Throws DataError if no log can hold this id: it is empty, longer than 4096 bytes, or holds a
/// zero byte. `where` begins the message.
void require_id(std::string_view id, const char* where);

}  // namespace elastic::cli
