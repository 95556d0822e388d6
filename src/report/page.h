// Self-contained HTML pages: no scripts, fonts or other files.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace elastic::report {

/// `text` with &, < and > escaped.
std::string escaped(const std::string& text);

/// A complete page; `body` is HTML, `title` is plain text.
std::string page(const std::string& title, const std::string& body);

struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  ///< each as long as `head`
  std::size_t text_columns = 1;  ///< leading columns that hold text; the others hold numbers
};
/// Head and cells are plain text. "" for a table without rows.
std::string to_html(const Table& table);

/// Markdown tables as HTML, with `text_columns` as in Table; other lines become notes.
std::string from_markdown(const std::string& markdown, std::size_t text_columns);

/// A definition list of (term, description); "" if it is empty.
std::string definitions(const std::vector<std::pair<std::string, std::string>>& entries);

/// A heading above `html`; "" if `html` is empty.
std::string section(const std::string& heading, const std::string& html);
/// Figures side by side; "" if `figures` is empty.
std::string plots(const std::string& figures);

}  // namespace elastic::report
