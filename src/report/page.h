// A page of HTML that needs nothing else: no script, no font, no other file.
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace elastic::report {

/// With &, < and > as HTML wants them.
std::string escaped(const std::string& text);

/// A whole page: `body` is HTML, `title` is text.
std::string page(const std::string& title, const std::string& body);

struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;  ///< of as many cells
  std::size_t text_columns = 1;                ///< the first ones; the others hold numbers
};
/// Cells are text. "" for a table without rows.
std::string to_html(const Table& table);

/// Markdown tables, and lines between them as notes.
std::string from_markdown(const std::string& markdown, std::size_t text_columns);

/// Names and what they mean.
std::string definitions(const std::vector<std::pair<std::string, std::string>>& entries);

/// A heading over `html`; "" where that is empty.
std::string section(const std::string& heading, const std::string& html);
/// Figures side by side; "" where `figures` is empty.
std::string plots(const std::string& figures);

}  // namespace elastic::report
