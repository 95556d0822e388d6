#include "data/line_format.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "base/error.h"
#include "data/log_sample.h"
#include "data/read_options.h"

namespace elastic::data {
namespace line_format_test {

// The layout with its separator and notes, "table" for a log of rows, or the message of a refusal.
std::string form_of(std::string_view text,
                    FileFormat format = FileFormat::kAuto,
                    const char* separator = "auto") {
  ReadOptions options;
  options.format = format;
  options.separator = Separator::parse(separator, "--separator");
  try {
    const auto found = line_format(sample_log(text, "log"), "log", options);
    if (!found) {
      return "table";
    }
    const LogFormat& log = found->format;
    std::string result(choice_name(log.layout));
    result += " '" + log.syntax.separator + "'";
    for (const LogColumn& column : log.columns) {
      result += " '" + column.list + "'";
    }
    for (const std::string& note : found->notes) {
      result += "; " + note;
    }
    return result;
  } catch (const Error& error) {
    return error.what();
  }
}

// `lines` lines of numbers: line i has its number and then the items that `items` numbers.
std::string lines_of(int lines, int (*length)(int), const char* separator, int most = 9) {
  std::string text;
  for (int line = 0; line < lines; ++line) {
    text += "u" + std::to_string(line);
    for (int i = 0; i < length(line); ++i) {
      text += separator + std::to_string((line * 3 + i) % most);
    }
    text += "\n";
  }
  return text;
}

TEST_CASE("line format: lines of many lengths are sequences, of one length rows") {
  CHECK(form_of(lines_of(
            12, [](int line) { return 2 + line % 7; }, " ")) == "sequences ' '");
  CHECK(form_of(lines_of(
            12, [](int line) { return 2 + line % 7; }, "\t")) == "sequences '\t'");
  CHECK(form_of(lines_of(
            12, [](int line) { return 2 + line % 7; }, "::")) == "table");
  CHECK(form_of(lines_of(
            12, [](int) { return 2; }, ",")) == "table");
  CHECK(form_of(lines_of(
            12, [](int line) { return 2 + line / 6; }, ",")) == "sequences ','");
  CHECK(form_of(lines_of(
            12, [](int line) { return 2 + line / 7; }, ",")) == "table");
  CHECK(form_of(lines_of(
            2, [](int line) { return 2 + line; }, ",")) == "table");
  CHECK(form_of(lines_of(
            3, [](int line) { return 1 + line; }, ",")) == "sequences ','");
  CHECK(form_of(lines_of(
            12, [](int line) { return line < 8 ? 2 : 5; }, ",")) == "sequences ','");
  CHECK(form_of(lines_of(
            12, [](int line) { return line < 9 ? 2 : 5; }, ",")) == "table");
  CHECK(form_of(lines_of(
            12, [](int line) { return line < 8 ? 2 : 3; }, ",")) == "table");
}

TEST_CASE("line format: lines of one length whose fields share their values are sequences") {
  CHECK(form_of(lines_of(
            40, [](int) { return 4; }, ",", 23)) == "sequences ','");
  CHECK(form_of(lines_of(
            40, [](int) { return 3; }, ",", 23)) == "table");
  CHECK(form_of(lines_of(
            40, [](int) { return 4; }, ",", 9)) == "table");
  CHECK(form_of(lines_of(
            40, [](int line) { return line < 37 ? 4 : 3; }, ",", 23)) == "sequences ','");
  CHECK(form_of(lines_of(
            40, [](int line) { return line < 35 ? 4 : 3; }, ",", 23)) == "table");
}

TEST_CASE("line format: a colon behind the user") {
  CHECK(form_of("7: 3 7 8 1\n8: 2\n9:\n") == "table ':' '' ' '");
  CHECK(form_of("7: 3,7,8,1\n8: 2,3\n9:1,2\n") == "table");
  CHECK(form_of("7:3,7,8,1\n8:2,3\n9:1,2\n") == "table");
  CHECK(form_of("7:3,7:8,1\n8:2,3\n9:1,2\n") == "table");
  CHECK(form_of("7: 3;7;8;1\n8: 2\n") == "table ':' '' ' '");
  CHECK(form_of("7: 3|7\n8: 2|4\n") == "table ':' '' '|'");
  CHECK(form_of(": 3 7\n8: 2 4\n") == "table");
  CHECK(form_of("7: 3 7 8 1\n8: 2\n9:\n", FileFormat::kHistories) ==
        "data: log:1: expected a user and items separated by tab, comma or space, got \"7: 3 7 8 "
        "1\"; set --separator");
  CHECK(form_of("7: 3 7 8 1\n8: 2\n9:\n", FileFormat::kSequences) == "table ':' '' ' '");
}

TEST_CASE("line format: lists in brackets, unless they may be rows") {
  CHECK(form_of("[1, 2, 3]\n[4, 5]\n") == "histories '['");
  CHECK(form_of("[1, 2]\n[4, 5]\n") == "histories '['");
  CHECK(form_of("[1, 2]\n[4, 5]\n[5, 6]\n") ==
        "data: log:1: every line is a list of 2 values, which may be a row or a history: --format "
        "histories reads histories; remove the brackets to read rows, got \"[1, 2]\"");
  CHECK(form_of("[1, 2]\n[4, 5]\n[5, 6]\n", FileFormat::kHistories) == "histories '['");
  CHECK(form_of("[1]\n[4]\n[5]\n") == "histories '['");
  CHECK(form_of("[1, 2, 3, 4, 5]\n[1, 2, 3, 4, 5]\n[1, 2, 3, 4, 5]\n") ==
        "data: log:1: every line is a list of 5 values, which may be a row or a history: --format "
        "histories reads histories; remove the brackets to read rows, got \"[1, 2, 3, 4, 5]\"");
  CHECK(form_of("[1, 2, 3, 4, 5, 6]\n[1, 2, 3, 4, 5, 6]\n[1, 2, 3, 4, 5, 6]\n") == "histories '['");
  CHECK(form_of("[1, 2]\n[4, 5]\n5, 6\n") == "table");
}

TEST_CASE("line format: first fields that count, or are items") {
  CHECK(form_of("2 7 8\n3 7 8 9\n1 7\n4 7 8 9 1\n") ==
        "data: log:1: the first field of each line is the number of those that follow, not a user; "
        "remove it, and read with --format histories");
  CHECK(form_of("1 2 3 4\n2 3\n1 4 3\n3 1 2 4 5\n") ==
        "histories ' '; first fields of lines repeat and are items elsewhere, so each line is read "
        "as a history without its user; --format sequences reads the first field as the user");
  CHECK(form_of("1 2 3 4\n8 3\n1 4 8\n9 1 2 4 5\n8 5 4 3 2 1\n") ==
        "data: log:1: first fields of lines repeat, and some are items elsewhere: choose by "
        "--format sequences, if each is a user, or --format histories, if each is an item");
  CHECK(form_of("1 2 3 4\n8 3\n1 4 8\n9 1 2 4 5\n7 5 4 3 2 1\n") ==
        "data: log:1: first fields of lines repeat, and some are items elsewhere: choose by "
        "--format sequences, if each is a user, or --format histories, if each is an item");
  CHECK(form_of("a 2 3 4\nb 3\na 4 3\nc 1 2 4 5\n") == "sequences ' '");
  CHECK(form_of("1 2 3 4\n2 3\n1 4 3\n3 1 2 4 5\n", FileFormat::kSequences) == "sequences ' '");
  CHECK(form_of("1 2 3 4\n2 3\n1 4 3\n3 1 2 4 5\n", FileFormat::kHistories) == "histories ' '");
}

TEST_CASE("line format: rows with a time in each are a table") {
  CHECK(form_of("u,a,2021-01-01,x\nv,b,2021-01-02\nw,c,2021-01-03,y,z\n") == "table");
  CHECK(form_of("u,a,2021-01-01,x\nv,b,2021-01-02\nw,c,2021-01-03,y,z\n", FileFormat::kSequences) ==
        "data: log: field 3 of each line is a time, so the lines are rows of a table, not "
        "sequences; leave out --format, and name the columns by number if needed, for example: "
        "--user-column 1 --item-column 2");
  CHECK(form_of("u a x y 2021-01-01\nv b 2021-01-02\nw c x y z t 2021-01-03\n",
                FileFormat::kHistories) ==
        "data: log: the last field of each line is a time, so the lines are rows of a table, not "
        "histories; leave out --format, and name the columns by number if needed, for example: "
        "--user-column 1 --item-column 2");
  CHECK(form_of("user,item\nu,a,b,c,d,e\nv,a\nw,b,c\n") == "table");
}

TEST_CASE("line format: the separator is that of the option, or of nine lines in ten") {
  CHECK(form_of("a~b~c\nb~c\n", FileFormat::kSequences, "~") == "sequences '~'");
  CHECK(form_of("a~b~c\nb~c\n", FileFormat::kSequences) ==
        "data: log:1: expected a user and items separated by tab, comma or space, got \"a~b~c\"; "
        "set --separator");
  CHECK(form_of("a,b;c\nb,c\n", FileFormat::kSequences) == "sequences ','");
  CHECK(form_of("a b\nb c\nc d\nd e\ne f\nf g\ng h\nh i\ni j\nj\n", FileFormat::kHistories) ==
        "histories ' '");
  CHECK(form_of("a b\nb c\nc d\nd e\ne f\nf g\ng h\nh i\ni\nj\n", FileFormat::kHistories) ==
        "data: log:1: expected a user and items separated by tab, comma or space, got \"a b\"; set "
        "--separator");
}

}  // namespace line_format_test
}  // namespace elastic::data
