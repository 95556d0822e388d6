#include "data/objects.h"

#include <doctest/doctest.h>

#include "data/canonical_number.h"

namespace elastic::data::objects_test {
namespace {

constexpr ObjectSyntax kJson = ObjectSyntax::kJson;
constexpr ObjectSyntax kPython = ObjectSyntax::kPython;

// The values of `keys`, one per line: entries joined by '|', lists in brackets, '-' if missing; or
// the problem.
std::string read(ObjectSyntax syntax, std::vector<std::string> keys, std::string_view line) {
  ObjectReader reader(syntax, std::move(keys));
  Record record;
  if (const std::string problem = reader.read(line, record); !problem.empty()) {
    return "problem: " + problem;
  }
  std::string out;
  for (const FieldValues& values : record) {
    std::string joined;
    for (std::size_t i = 0; i < values.entries.size(); ++i) {
      joined.append(i == 0 ? "" : "|").append(values.entries[i]);
    }
    joined = values.is_list ? "[" + joined + "]" : values.entries.empty() ? "-" : joined;
    out.append(out.empty() ? "" : "\n").append(joined);
  }
  return out;
}

std::string read(std::string_view key, std::string_view line) {
  return read(kJson, {std::string(key)}, line);
}

std::string python(std::string_view value) {
  return read(kPython, {"k"}, "{'k': " + std::string(value) + "}");
}

void refuses(std::string_view line, const char* part) {
  CAPTURE(line.substr(0, 100));
  CHECK_MESSAGE(doctest::String(read("a", line).c_str()) == doctest::Contains("problem: "), "");
  CHECK(doctest::String(read("a", line).c_str()) == doctest::Contains(part));
  CHECK_FALSE(flatten_object(kJson, line));
}

std::string nested(std::string_view open,
                   std::string_view inner,
                   std::string_view close,
                   int depth) {
  std::string text;
  for (int i = 0; i < depth; ++i) {
    text.append(open);
  }
  text.append(inner);
  for (int i = 0; i < depth; ++i) {
    text.append(close);
  }
  return text;
}

TEST_CASE("objects: values keep their text") {
  CHECK(read("a", R"({"a":"x"})") == "x");
  CHECK(read("a", R"( { "b" : [ ] , "a" : "x y" } )") == "x y");
  CHECK(read("a", R"({"a":""})").empty());
  CHECK(read("a", R"({"a":null})") == "-");
  CHECK(read("a", R"({"b":1})") == "-");
  CHECK(read("a", "{}") == "-");
  CHECK(read("a", R"({"a":true})") == "true");
  CHECK(read("a", R"({"a":false })") == "false");
  CHECK(read("a", R"({"a":NaN})") == "NaN");
  CHECK(read("a", R"({"a":-Infinity})") == "-Infinity");
  CHECK(read(kJson, {"b", "a", "b"}, R"({"a":1,"b":2})") == "2\n1\n2");
}

TEST_CASE("objects: numbers keep their digits, and lose a zero fraction only") {
  for (const char* const number : {"0",
                                   "-5",
                                   "12345678901234567890",
                                   "100000000000000000000000000001",
                                   "0.10",
                                   "1.50",
                                   "1225058293.7189999",
                                   "1e-7"}) {
    CHECK(read("a", "{\"a\":" + std::string(number) + "}") == number);
  }
  CHECK(read("a", R"({"a":1.0})") == "1");
  CHECK(read("a", R"({"a":"1.0"})") == "1.0");
  CHECK(read("a", R"({"a":[1.0,2e3,3E2,"4.0"]})") == "[1|2000|300|4.0]");
}

TEST_CASE("canonical_number: equal integers have one spelling") {
  std::string buffer;
  const auto canonical = [&](std::string_view raw) {
    return std::string(canonical_number(raw, buffer));
  };
  CHECK(canonical("1.000") == "1");
  CHECK(canonical("-0") == "0");
  CHECK(canonical("-0.00") == "0");
  CHECK(canonical("0e9") == "0");
  CHECK(canonical("-17.0") == "-17");
  CHECK(canonical("1e3") == "1000");
  CHECK(canonical("-1.25e+2") == "-125");
  CHECK(canonical("1500e-2") == "15");
  CHECK(canonical("0.5e1") == "5");
  CHECK(canonical("1e39") == "1" + std::string(39, '0'));
  for (const char* const same : {"1e40",
                                 "1e-3",
                                 "1.5",
                                 "1.50",
                                 "1e99999999999999999999",
                                 "15e-1",
                                 "007.0",
                                 "1.",
                                 ".5",
                                 "+1",
                                 "",
                                 "-",
                                 "1e",
                                 "1.0x",
                                 "x",
                                 "1e+",
                                 "0x10"}) {
    CHECK(canonical(same) == same);
  }
}

TEST_CASE("objects: text is unescaped to UTF-8") {
  CHECK(read("a", R"({"a":"\u00e9\/\"\\\b\f\n\r\t"})") == "\xc3\xa9/\"\\\b\f\n\r\t");
  CHECK(read("a", R"({"a":"\ud83d\ude00"})") == "\xf0\x9f\x98\x80");
  CHECK(read("a", R"({"a":"\ud83d!"})") == "\xef\xbf\xbd!");
  CHECK(read("a", R"({"a":"\ude00\ud83d"})") == "\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(read("a", R"({"a":"\ud83d\u0041"})") ==
        "\xef\xbf\xbd"
        "A");
  CHECK(read("a", R"({"a":"x\u0000y"})") == std::string("x\0y", 3));
  CHECK(read("a", R"({"\u0061":"\\\"", "b":"\""})") == "\\\"");
  CHECK(read("a", "{\"a\":\"\xe6\xbc\xa2\"}") == "\xe6\xbc\xa2");
  const std::string huge(3000000, 'x');
  CHECK(read("a", "{\"a\":\"" + huge + "\",\"b\":1}") == huge);
  CHECK(read("a", "{\"b\":\"" + huge + "\",\"a\":1}") == "1");
}

TEST_CASE("objects: of equal keys the last one counts") {
  CHECK(read("a", R"({"a":1,"a":2})") == "2");
  CHECK(read("a", R"({"a":[1,2],"a":3})") == "3");
  CHECK(read("a", R"({"a":1,"a":null})") == "-");
  CHECK(read("a.b", R"({"a":[{"b":1},{"b":2}],"a":[{"b":3}]})") == "[3]");
  const auto keys = flatten_object(kJson, R"({"a":[{"b":1},{"b":2}],"c":1,"a":[{"b":3}],"c":[4]})");
  REQUIRE(keys);
  REQUIRE(keys->size() == 2);
  CHECK((*keys)[0].entries == std::vector<std::string>{"3"});
  CHECK((*keys)[1].entries == std::vector<std::string>{"4"});
  CHECK((*keys)[1].is_list);
}

TEST_CASE("objects: dotted keys lead to nested objects, or hold the dot themselves") {
  CHECK(read("user.id", R"({"user":{"name":"x","id":7}})") == "7");
  CHECK(read("user.id", R"({"user.id":7})") == "7");
  CHECK(read("a.b.c.d", R"({"a.b":{"c.d":7}})") == "7");
  CHECK(read("a.b.c.d", R"({"a":{"b.c":{"d":7}}})") == "7");
  CHECK(read("a.b", R"({"a":7})") == "-");
  CHECK(read("a.b", R"({"a":null})") == "-");
  CHECK(read("$oid", R"({"$oid":"x"})") == "x");
  CHECK(read(kJson, {"a.x", "a.y", "b"}, R"({"a":{"y":2,"x":1},"b":3})") == "1\n2\n3");
  CHECK(read("a", R"({"a":{"b":1}})") ==
        "problem: key \"a\": expected text, a number or a list, got an object");
}

TEST_CASE("objects: lists of values, and of objects") {
  CHECK(read("a", R"({"a":[]})") == "[]");
  CHECK(read("a", R"({"a":[ 1 , "x" , null , true ]})") == "[1|x||true]");
  const char* const session = R"({"session": 1, "events": [{"aid": 1, "ts": 2, "type": "clicks"}, )"
                              R"({"aid": 3, "type": "carts", "ts": 4}, {"ts": null, "aid": 5}]})";
  CHECK(read(kJson, {"session", "events.aid", "events.ts", "events.type"}, session) ==
        "1\n[1|3|5]\n[2|4|]\n[clicks|carts|]");
  CHECK(read("a.b", R"({"a":[{},null,{"b":1},{}]})") == "[||1|]");
  CHECK(read("a.b", R"({"a":[]})") == "[]");
  CHECK(read("a.b.c", R"({"a":{"b":[{"c":1},{"c":2}]}})") == "[1|2]");
  CHECK(read("a.b.c", R"({"a":[{"b":{"c":1}},{"b":{"c":2}}]})") == "[1|2]");
  for (const char* const line : {R"({"a":[[1],[2]]})", R"({"a":[1,[2]]})"}) {
    CHECK(read("a", line) == "problem: key \"a\": lists within lists are not supported");
  }
  CHECK(read("a.b", R"({"a":[{"b":[1]}]})") ==
        "problem: key \"a.b\": lists within lists are not supported");
  CHECK(read("a", R"({"a":[1,{"b":1}]})") ==
        "problem: key \"a\": expected text or numbers in the list, got an object");
  CHECK(read("a.b", R"({"a":[{"b":1},1]})") ==
        "problem: key \"a.b\": expected objects in the list");
}

TEST_CASE("objects: broken lines are refused") {
  refuses("", "blank line");
  refuses("  ", "blank line");
  refuses("[1,2,3]", "expected a JSON object, got '[1,2,3]'");
  refuses("\"a\"", "expected a JSON object");
  refuses("12", "expected a JSON object");
  refuses("x", "expected a JSON object");
  refuses(R"({"a":1} x)", "other text follows it");
  refuses(R"({"a":1}{"a":2})", "text after it");
  refuses(R"({"a":"x)", "closing quote");
  refuses("{\"a\":\"\t\"}", "control character");
  refuses(std::string_view("{\"a\":\"\0\"}", 9), "control character");
  refuses(std::string_view("{\"a\":\0}", 7), "at byte 6");
  refuses("{\"a\":\"\xff\"}", "UTF-8");
  refuses(R"({"b":1,"a":01})", "expected a number, got '01' at byte 12");
  refuses(R"({"a":"\x"})", "unknown escape");
  refuses(R"({"a":"\u12g4"})", "unknown escape");
  refuses(R"({"a":1,"b":"\n\u12"})", "unknown escape");
  for (const char* const line :
       {"{",           R"({"a")",       R"({"a":)",         R"({"a":})",       R"({"a":1)",
        R"({"a":1,)",  R"({"a":1,})",   R"({,"a":1})",      R"({"a" 1})",      R"({"a":1 "b":2})",
        R"({"a":[1})", R"({"a":[1,]})", R"({"a":[,1]})",    R"({"a":[1 2]})",  R"({"a":[1}])",
        R"({a:1})",    R"({'a':1})",    R"({"a":tru})",     R"({"a":nulls})",  R"({"a":1x})",
        R"({"a":+1})", R"({"a":1.})",   R"({"a":"x"y})",    R"({"a":"x""y"})", R"({"a":1"x"})",
        R"({"a":-})",  R"({"a"::1})",   R"({"a"x:1})",      R"({"a":{"b":1})", R"({"a":1}])",
        R"([{"a":1})", R"({1:1})",      R"({"a":[{"b"}]})", R"({"a":1,"b"})",  R"({"a":Nan})"}) {
    refuses(line, "");
    // The same in a value that is not asked for.
    refuses(R"({"z":)" + std::string(line) + "}", "");
    refuses(R"({"z":[)" + std::string(line) + "]}", "");
  }
  CHECK(read("a", R"({"a":1,"z":[1}})").starts_with("problem"));
  CHECK(read("a", R"({"a":1,"z":{"y":1]})").starts_with("problem"));
}

TEST_CASE("objects: an unclosed object is not completed by an earlier line") {
  ObjectReader reader(kJson, {"a"});
  Record record;
  CHECK(reader.read(R"({"a":1,"b":{}}}}}}}}}}})", record) != "");
  CHECK(reader.read(R"({"a":{"b":1})", record) != "");
  CHECK(reader.read(R"({"a":2})", record).empty());
  CHECK(record[0].entries == std::vector<std::string_view>{"2"});
}

TEST_CASE("objects: deep nesting is refused") {
  for (const int depth : {100, 300000}) {
    for (const char* const key : {"a", "b", "a.a", "b.a"}) {
      CHECK(read(key, "{\"a\":" + nested("[", "", "]", depth) + "}").starts_with("problem"));
      CHECK(read(key, nested("{\"a\":", "1", "}", depth)).starts_with("problem"));
      CHECK(read(key, nested("{\"a\":[", "1", "]}", depth)).starts_with("problem"));
    }
    CHECK(read("a", "{\"a\":" + nested("[", "", "", depth)).starts_with("problem"));
    CHECK_FALSE(flatten_object(kJson, nested("{\"a\":", "1", "}", depth)));
    CHECK_FALSE(flatten_object(kJson, nested("{\"a\":[", "1", "]}", depth)));
    CHECK(read(kPython, {"a"}, nested("{'a':(", "1", ")}", depth)).starts_with("problem"));
  }
  std::string key = "a";
  for (int i = 1; i < 60; ++i) {
    key += ".a";
  }
  CHECK(read(key, nested("{\"a\":", "1", "}", 60)) == "1");
}

TEST_CASE("flatten_object: names every key that can be read, in the order of the line") {
  const auto keys = flatten_object(kJson,
                                   R"({"u":{"id":1.0,"tags":["x",2]},"n":null,"e":[],)"
                                   R"("s":[{"a":1,"z":[1]},{"b":true}],"ll":[[1]],)"
                                   R"("mix":[1,{"a":1}],"o":{}})");
  REQUIRE(keys);
  std::string text;
  for (const KeyValues& values : *keys) {
    text += values.key + (values.is_list ? "[" : "=");
    for (const std::string& entry : values.entries) {
      text += entry + "|";
    }
    text += "\n";
  }
  CHECK(text == "u.id=1|\nu.tags[x|2|\nn=\ne[\ns.a[1||\ns.b[|true|\n");
}

TEST_CASE("flatten_object: memory is bounded") {
  std::string line = "{\"a\":[{\"x\":1}";
  for (int i = 0; i < 50000; ++i) {
    line += ",{\"k" + std::to_string(i) + "\":1}";
  }
  const auto keys = flatten_object(kJson, line + "]}");
  REQUIRE(keys);
  CHECK(keys->size() == 1000);
  CHECK(keys->front().entries.size() == 1000);
}

TEST_CASE("objects: Python's dicts") {
  CHECK(read(kPython,
             {"reviewerID", "asin", "helpful", "price", "ok", "x", "t"},
             "{'reviewerID': 'A1', \"asin\": u'B0', 'helpful': [0, 1], 'price': 3.99, 'ok': True, "
             "'x': None, 't': (1, 'y',)}") == "A1\nB0\n[0|1]\n3.99\ntrue\n-\n[1|y]");
  CHECK(python("\"it's\"") == "it's");
  CHECK(python("'say \"hi\"'") == "say \"hi\"");
  CHECK(python(R"('\'\"\\\n\t\r\a\x07\101\0')") == std::string("'\"\\\n\t\r\a\aA\0", 10));
  CHECK(python(R"(u'\xe9\u00e9\U0001f600\ud83d\ude00\ud83d')") ==
        "\xc3\xa9\xc3\xa9\xf0\x9f\x98\x80\xf0\x9f\x98\x80\xef\xbf\xbd");
  CHECK(python(R"('caf\xc3\xa9')") == "caf\xc3\xa9");
  CHECK(python(R"('caf\xe9')") == "caf\xc3\xa9");
  CHECK(python(R"('\N{DASH}\q')") == R"(\N{DASH}\q)");
  CHECK(python(R"(r'\n')") == R"(\n)");
  CHECK(python("b'x'") == "x");
  CHECK(python("'\t'") == "\t");
  CHECK(python("'\xc3\xa9'") == "\xc3\xa9");
  CHECK(python("12345678901234567890123L") == "12345678901234567890123");
  CHECK(python("-1.5e-07") == "-1.5e-07");
  CHECK(python("nan") == "nan");
  CHECK(python("-inf") == "-inf");
  CHECK(python("[]") == "[]");
  CHECK(python("()") == "[]");
  CHECK(python("true") == "true");
  CHECK(read(kPython, {"1"}, "{1: 2}") == "2");
  CHECK(read(kPython, {"a.b"}, "{'a': [{'b': 'x'}, {u'b': u'y'},],}") == "[x|y]");
}

TEST_CASE("objects: broken dicts of Python are refused") {
  for (const char* const line : {"",
                                 "{",
                                 "}",
                                 "{'k'",
                                 "{'k':",
                                 "{'k': 'x}",
                                 "{'k': x}",
                                 "{'k': Decimal('1')}",
                                 "{'k': [1)}",
                                 "{'k': 1]",
                                 "{'k': [,]}",
                                 "{'k': 1,,}",
                                 "{'k' 1}",
                                 "{'k': 1} x",
                                 "{'k': 1}, {'k': 1}",
                                 "['k']",
                                 "{'k', 'l'}",
                                 "{'k': '\\x4'}",
                                 "{'k': '\\u12'}",
                                 "{'k': 1 2}",
                                 "{'k': 1j}",
                                 "{'k': -x}",
                                 "{'k': -}",
                                 "{'k': $}",
                                 "{'k': '\\",
                                 "'",
                                 "{'k': Trues}",
                                 "{'k': ''''}"}) {
    CAPTURE(line);
    CHECK(read(kPython, {"k"}, line).starts_with("problem"));
    CHECK_FALSE(flatten_object(kPython, line));
  }
  CHECK(python("Decimal('1')") ==
        "problem: expected a Python value, got 'Decimal('1')}' at byte 7");
}

}  // namespace
}  // namespace elastic::data::objects_test
