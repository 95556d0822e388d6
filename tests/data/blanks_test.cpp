#include "data/blanks.h"

#include <doctest/doctest.h>

#include <string>

namespace elastic::data {
namespace {

TEST_CASE("blanks: each blank and invisible character is removed from both ends") {
  for (const char* blank : {" ",      "\t",     "\r",     "\n",     "\v",     "\f",     "\u00a0",
                            "\u2000", "\u2003", "\u200a", "\u200b", "\u200c", "\u200d", "\u200e",
                            "\u200f", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff"}) {
    CAPTURE(blank);
    const std::string mark = blank;
    CHECK(stripped(mark).empty());
    CHECK(stripped(mark + "a b") == "a b");
    CHECK(stripped("a b" + mark) == "a b");
    CHECK(stripped(mark + " " + mark + "\u00e9" + mark + mark) == "\u00e9");
    CHECK(stripped("a" + mark + "b") == "a" + mark + "b");
  }
}

TEST_CASE("blanks: other characters stay, broken ones too") {
  for (const char* field : {"",
                            "a",
                            "\u00e0",  // ends in the byte of the no-break space
                            "\u2010",
                            "\u2020",
                            "\u2061",
                            "\u3001",
                            "\ufefe",
                            "\xa0",
                            "\xe2\x80",
                            "\x80",
                            "\x7f",
                            "\"a\""}) {
    CAPTURE(field);
    CHECK(stripped(field) == field);
  }
}

}  // namespace
}  // namespace elastic::data
