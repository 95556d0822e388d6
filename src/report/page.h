// Self-contained HTML pages: no scripts, fonts or other files.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "report/html.h"

namespace elastic::report {

/// A complete page. Here and below, strings are plain text.
std::string page(const std::string& title, const Html& body);

/// A paragraph of small print.
Html note(const std::string& text);

struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  ///< each as long as `head`
  std::size_t text_columns = 1;  ///< leading columns that hold text; the others hold numbers
};
/// Empty for a table without rows.
Html to_html(const Table& table);

/// Markdown tables as HTML, with `text_columns` as in Table; other lines become notes.
Html from_markdown(const std::string& markdown, std::size_t text_columns);

/// A definition list of (term, description); empty without any.
Html definitions(const std::vector<std::pair<std::string, std::string>>& entries);

/// A heading above `content`; empty if `content` is.
Html section(const std::string& heading, const Html& content);
/// Figures side by side; empty if `figures` is.
Html plots(const Html& figures);

}  // namespace elastic::report
