#include "report/page.h"

#include <algorithm>

#include "base/error.h"
#include "base/visible_text.h"

namespace elastic::report {
namespace {

constexpr const char* kStyle =
    R"(<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #6b7280; --rule: #d4d8dd; --ground: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --faint: #9aa3ad; --rule: #3a4149; --ground: #15181c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.note, dl { color: var(--faint); }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; flex: 1 1 480px; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--faint); stroke-width: 1; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
.text { text-align: left; }
dl { display: grid; grid-template-columns: fit-content(20rem) 1fr; column-gap: .75rem; }
dd { margin: 0; overflow-wrap: anywhere; }
)";

std::string cells(const std::vector<std::string>& row, const char* kind, std::size_t text_columns) {
  std::string html = "<tr>";
  for (std::size_t i = 0; i < row.size(); ++i) {
    const char* style = i < text_columns ? " class=\"text\">" : ">";
    html += concat("<", kind, style, escaped(row[i]), "</", kind, ">");
  }
  return html + "</tr>\n";
}

// "| a | b |" -> a, b
std::vector<std::string> split_row(const std::string& row) {
  std::vector<std::string> cells;
  for (std::size_t at = 1; at + 1 < row.size();) {
    const std::size_t bar = std::min(row.find('|', at), row.size());
    cells.push_back(row.substr(at + 1, bar - at - 2));
    at = bar + 1;
  }
  return cells;
}

}  // namespace

std::string escaped(const std::string& text) {
  std::string result;
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      default:
        result += c;
    }
  }
  return result;
}

std::string page(const std::string& title, const std::string& body) {
  return concat("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>",
                escaped(title),
                "</title>\n",
                kStyle,
                "</style></head><body>\n<h1>",
                escaped(title),
                "</h1>\n",
                body,
                "</body></html>\n");
}

std::string to_html(const Table& table) {
  if (table.rows.empty()) {
    return "";
  }
  std::string html = "<div class=\"scroll\"><table>" + cells(table.head, "th", table.text_columns);
  for (const std::vector<std::string>& row : table.rows) {
    html += cells(row, "td", table.text_columns);
  }
  return html + "</table></div>\n";
}

std::string from_markdown(const std::string& markdown, std::size_t text_columns) {
  std::string html;
  const Table empty{{}, {}, text_columns};
  Table table = empty;
  for (std::size_t begin = 0; begin < markdown.size();) {
    const std::size_t end = std::min(markdown.find('\n', begin), markdown.size());
    const std::string row = markdown.substr(begin, end - begin);
    begin = end + 1;
    if (row.empty() || row[0] != '|') {
      html += to_html(table);
      html += row.empty() ? "" : concat("<p class=\"note\">", escaped(row), "</p>\n");
      table = empty;
    } else if (table.head.empty()) {
      table.head = split_row(row);
    } else if (row.rfind("| ---", 0) != 0) {
      table.rows.push_back(split_row(row));
    }
  }
  return html + to_html(table);
}

std::string definitions(const std::vector<std::pair<std::string, std::string>>& entries) {
  // The grid of the style sheet gives each pair a row of its own, also if a term takes two lines or
  // a description is empty.
  std::string html;
  for (const auto& [name, meaning] : entries) {
    html += concat("<dt>", escaped(name), "</dt><dd>", escaped(meaning), "</dd>\n");
  }
  return html.empty() ? "" : concat("<dl>\n", html, "</dl>\n");
}

std::string section(const std::string& heading, const std::string& html) {
  return html.empty() ? "" : concat("<h2>", escaped(heading), "</h2>\n", html);
}

std::string plots(const std::string& figures) {
  return figures.empty() ? "" : concat("<div class=\"plots\">\n", figures, "</div>\n");
}

}  // namespace elastic::report
