#include "data/python_literals.h"

#include <doctest/doctest.h>

#include <string>
#include <string_view>

namespace elastic::data {
namespace python_literals_test {

std::string json_of(std::string_view text) {
  std::string json;
  const std::string problem = python_to_json(text, json);
  return problem.empty() ? json : "problem: " + problem;
}

TEST_CASE("Python literals: numbers as Python writes them") {
  CHECK(json_of("0") == "0");
  CHECK(json_of("9") == "9");
  CHECK(json_of("-1.5e+10") == "-1.5e+10");
  CHECK(json_of("1E5") == "1E5");
  CHECK(json_of("+3") == "+3");
  CHECK(json_of(".5") == ".5");
  CHECK(json_of("5.") == "5.");
  CHECK(json_of("007") == "007");
  CHECK(json_of("12L") == "12");
  CHECK(json_of("12LL") == "problem: expected ',' or ':', got 'L' at byte 4");
  CHECK(json_of("1.2.3") == "1.2.3");
  CHECK(json_of("1e") == "1e");
  CHECK(json_of("-") == "-");
  CHECK(json_of("--1") == "--1");
  CHECK(json_of("1j") == "problem: expected ',' or ':', got 'j' at byte 2");
  CHECK(json_of("nan") == "\"nan\"");
  CHECK(json_of("inf") == "\"inf\"");
  CHECK(json_of("-inf") == "\"-inf\"");
  CHECK(json_of("+inf") == "\"inf\"");
  CHECK(json_of("-info") == "problem: expected a number at byte 2");
  CHECK(json_of("-nan") == "problem: expected a number at byte 2");
  CHECK(json_of("infinite") == "problem: expected a Python value, got 'infinite' at byte 1");
}

TEST_CASE("Python literals: words, and brackets of every kind") {
  CHECK(json_of("True") == "true");
  CHECK(json_of("False") == "false");
  CHECK(json_of("None") == "null");
  CHECK(json_of("true") == "true");
  CHECK(json_of("null") == "null");
  CHECK(json_of("Truth") == "problem: expected a Python value, got 'Truth' at byte 1");
  CHECK(json_of("True1") == "problem: expected ',' or ':', got '1' at byte 5");
  CHECK(json_of("_x") == "problem: expected a Python value, got '_x' at byte 1");
  CHECK(json_of(" \t\r\n[ 1 ,\n(2, 'a',), {'k': {}} ] ") == "[1,[2,\"a\"],{\"k\":{}}]");
  CHECK(json_of("{1: 2, 'x': 3,}") == "{\"1\":2,\"x\":3}");
  CHECK(json_of("{1.5: 2}") == "{\"1.5\":2}");
  CHECK(json_of("{True: 2, None: 3}") == "{true:2,null:3}");
  CHECK(json_of("[1)") == "problem: unexpected ')' at byte 3");
  CHECK(json_of("(1]") == "problem: unexpected ']' at byte 3");
  CHECK(json_of("{1]") == "problem: unexpected ']' at byte 3");
  CHECK(json_of("]") == "problem: unexpected ']' at byte 1");
  CHECK(json_of("[") == "problem: expected a closing bracket for '[' at byte 2");
  CHECK(json_of("[,1]") == "problem: unexpected ',' at byte 2");
  CHECK(json_of("[1,,2]") == "problem: unexpected ',' at byte 4");
  CHECK(json_of("{:,1}") == "problem: unexpected ',' at byte 3");
  CHECK(json_of(",") == "problem: unexpected ',' at byte 1");
  CHECK(json_of("1, 2") == "problem: unexpected ',' at byte 2");
  CHECK(json_of("[1 2]") == "problem: expected ',' or ':', got '2]' at byte 4");
  CHECK(json_of("[1 'a']") == "problem: expected ',' or ':', got ''a']' at byte 4");
  CHECK(json_of("[1 [2]]") == "[1[2]]");
  CHECK(json_of("$") == "problem: expected a Python value, got '$' at byte 1");
  CHECK(json_of("[$]") == "problem: expected a Python value, got '$]' at byte 2");
  CHECK(json_of("") == "");
  CHECK(json_of(std::string(64, '[') + std::string(64, ']')).starts_with("[["));
  CHECK(json_of(std::string(65, '[') + std::string(65, ']')) ==
        "problem: the values are nested deeper than 64 levels at byte 65");
}

TEST_CASE("Python literals: texts, their prefixes and escapes") {
  CHECK(json_of("'a\"b'") == "\"a\\\"b\"");
  CHECK(json_of("\"a'b\"") == "\"a'b\"");
  CHECK(json_of("u'a'") == "\"a\"");
  CHECK(json_of("U'a'") == "\"a\"");
  CHECK(json_of("b'a'") == "\"a\"");
  CHECK(json_of("r'a\\n'") == "\"a\\\\n\"");
  CHECK(json_of("br'a\\n'") == "\"a\\\\n\"");
  CHECK(json_of("ur'a\\n'") == "\"a\\\\n\"");
  CHECK(json_of("x'a'") == "problem: expected a Python value, got 'x'a'' at byte 1");
  CHECK(json_of(R"('\\\'\"\a\b\f\n\r\t\v')") ==
        "\"\\\\'\\\"\\u0007\\u0008\\u000c\\u000a\\u000d\\u0009\\u000b\"");
  CHECK(json_of(R"('\q\N')") == "\"\\\\q\\\\N\"");
  CHECK(json_of(R"('\0\12\101\1234\8')") == "\"\\u0000\\u000aAS4\\\\8\"");
  CHECK(json_of(R"('\x41\x7f')") == "\"A\"");
  CHECK(json_of(R"('\x4')") == "problem: expected hexadecimal digits in the escape at byte 2");
  CHECK(json_of(R"('\xg1')") == "problem: expected hexadecimal digits in the escape at byte 2");
  CHECK(json_of(R"('caf\xc3\xa9')") == "\"café\"");
  CHECK(json_of(R"('caf\xe9\x41')") == "\"caféA\"");
  CHECK(json_of(R"(u'caf\xc3\xa9')") == "\"cafÃ©\"");
  CHECK(json_of(R"('\u00e9\u0041')") == "\"éA\"");
  CHECK(json_of(R"('\ud83d\ude00')") == "\"😀\"");
  CHECK(json_of(R"('\ud83d\u0041')") == "\"�A\"");
  CHECK(json_of(R"('\ud83d')") == "\"�\"");
  CHECK(json_of(R"('\ud83dx')") == "\"�x\"");
  CHECK(json_of(R"('\U0001f600')") == "\"😀\"");
  CHECK(json_of(R"('\U00110000')") == "\"�\"");
  CHECK(json_of(R"('\u00e')") == "problem: expected hexadecimal digits in the escape at byte 2");
  CHECK(json_of("'a\tb\x01'") == "\"a\\u0009b\\u0001\"");
  CHECK(json_of("'a\\\nb'") == "\"a\\\\\\u000ab\"");
  CHECK(json_of("'a") == "problem: a text lacks its closing quote at byte 3");
  CHECK(json_of("'a\\") == "problem: a text lacks its closing quote at byte 4");
  CHECK(json_of("'a' 'b'") == "problem: expected ',' or ':', got ''b'' at byte 5");
}

}  // namespace python_literals_test
}  // namespace elastic::data
