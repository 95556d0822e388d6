#include "report/html.h"

#include "base/visible_text.h"

namespace elastic::report {

void Html::add_escaped(const std::string& text) {
  for (const char c : visible(text)) {
    switch (c) {
      case '&':
        text_ += "&amp;";
        break;
      case '<':
        text_ += "&lt;";
        break;
      case '>':
        text_ += "&gt;";
        break;
      case '"':
        text_ += "&quot;";
        break;
      case '\'':
        text_ += "&#39;";
        break;
      default:
        text_ += c;
    }
  }
}

}  // namespace elastic::report
