#include "report/page.h"

#include <algorithm>

namespace elastic::report {
namespace {

constexpr Markup kStyle =
    R"(<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #6b7280; --rule: #d4d8dd; --ground: #fff; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --faint: #9aa3ad; --rule: #3a4149; --ground: #15181c; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--ground); max-width: 1180px; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; } h2 { font-size: 1.1rem; margin-top: 2rem; }
p.note, dl { color: var(--faint); }
.plots { display: flex; flex-wrap: wrap; gap: 1.5rem; }
figure { margin: 0; flex: 1 1 480px; min-width: 0; } figcaption { font-weight: 600; }
svg { width: 100%; height: auto; } svg text { fill: var(--ink); font: 11px system-ui, sans-serif; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; font-size: 13px; }
.row { font-size: 13px; overflow-wrap: anywhere; }
.key { width: 22px; height: 6px; margin-right: .35rem; vertical-align: middle; }
.grid { stroke: var(--rule); stroke-width: 1; } .axis { stroke: var(--faint); stroke-width: 1; }
.mark { stroke: var(--faint); stroke-width: 1; stroke-dasharray: 4 3; }
@media (max-width: 600px) { svg text { font-size: 17px; } figure { flex-basis: 100%; } }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 13px; }
th, td { padding: .25rem .6rem; text-align: right; border-bottom: 1px solid var(--rule); white-space: nowrap; }
.text { text-align: left; }
dl { display: grid; grid-template-columns: fit-content(20rem) 1fr; column-gap: .75rem; }
dd { margin: 0; overflow-wrap: anywhere; }
)";

Html row_of(const std::vector<std::string>& row, Markup begin, Markup end, std::size_t texts) {
  Html html;
  html << "<tr>";
  for (std::size_t i = 0; i < row.size(); ++i) {
    html << begin << (i < texts ? Markup(" class=\"text\">") : Markup(">")) << row[i] << end;
  }
  return html << "</tr>\n";
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

std::string page(const std::string& title, const Html& body) {
  Html html;
  html << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>" << title
       << "</title>\n"
       << kStyle << "</style></head><body>\n<h1>" << title << "</h1>\n"
       << body << "</body></html>\n";
  return html.str();
}

Html note(const std::string& text) {
  Html html;
  return html << "<p class=\"note\">" << text << "</p>\n";
}

Html to_html(const Table& table) {
  Html html;
  if (table.rows.empty()) {
    return html;
  }
  html << "<div class=\"scroll\"><table>" << row_of(table.head, "<th", "</th>", table.text_columns);
  for (const std::vector<std::string>& row : table.rows) {
    html << row_of(row, "<td", "</td>", table.text_columns);
  }
  return html << "</table></div>\n";
}

Html from_markdown(const std::string& markdown, std::size_t text_columns) {
  Html html;
  const Table empty{{}, {}, text_columns};
  Table table = empty;
  for (std::size_t begin = 0; begin < markdown.size();) {
    const std::size_t end = std::min(markdown.find('\n', begin), markdown.size());
    const std::string row = markdown.substr(begin, end - begin);
    begin = end + 1;
    if (row.empty() || row[0] != '|') {
      html << to_html(table) << (row.empty() ? Html() : note(row));
      table = empty;
    } else if (table.head.empty()) {
      table.head = split_row(row);
    } else if (row.rfind("| ---", 0) != 0) {
      table.rows.push_back(split_row(row));
    }
  }
  return html << to_html(table);
}

Html definitions(const std::vector<std::pair<std::string, std::string>>& entries) {
  // The grid of the style sheet gives each pair a row of its own, also if a term takes two lines or
  // a description is empty.
  Html html;
  if (entries.empty()) {
    return html;
  }
  html << "<dl>\n";
  for (const auto& [name, meaning] : entries) {
    html << "<dt>" << name << "</dt><dd>" << meaning << "</dd>\n";
  }
  return html << "</dl>\n";
}

Html section(const std::string& heading, const Html& content) {
  Html html;
  return content.empty() ? html : html << "<h2>" << heading << "</h2>\n" << content;
}

Html plots(const Html& figures) {
  Html html;
  return figures.empty() ? html : html << "<div class=\"plots\">\n" << figures << "</div>\n";
}

}  // namespace elastic::report
