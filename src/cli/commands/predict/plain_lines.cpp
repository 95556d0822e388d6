#include "cli/commands/predict/plain_lines.h"

#include "base/error.h"

namespace elastic::cli {

void PlainLines::declare(OptionTable& table) {
  table
      .add("users",
           &users_,
           "a line that is not JSON is a user id, even if it reads as a row of the log")
      .flag_only();
  table.add("histories", &histories_, "a line that is not JSON is a history: item ids").flag_only();
  table.add("similar", &similar_, "a line that is not JSON is an item id: answer its nearest items")
      .flag_only();
}

void PlainLines::check() const {
  if (int{users_} + int{histories_} + int{similar_} > 1) {
    throw UsageError("--users, --histories and --similar exclude each other");
  }
}

PlainLine PlainLines::meaning() const {
  if (similar_) {
    return PlainLine::kItem;
  }
  if (histories_) {
    return PlainLine::kHistory;
  }
  return users_ ? PlainLine::kUser : PlainLine::kAny;
}

}  // namespace elastic::cli
