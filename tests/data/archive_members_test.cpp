#include "data/archive_members.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace elastic::data {
namespace archive_members_test {

std::string octal(std::size_t value, int digits) {
  std::string text(static_cast<std::size_t>(digits) + 1, '\0');
  std::snprintf(text.data(), text.size(), "%0*zo", digits, value);
  return text;
}

// A member of a tar archive with `size` bytes of content.
std::string member(const std::string& name, char type, std::size_t size) {
  std::string header(512, '\0');
  header.replace(0, name.size(), name);
  header.replace(124, 12, octal(size, 11));
  header[156] = type;
  header.replace(148, 8, "        ");
  std::size_t sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  header.replace(148, 7, octal(sum, 6));
  return header + std::string((size + 511) / 512 * 512, 'x');
}

TEST_CASE("archive members: files of a tar archive, with contents of any size") {
  const std::string archive = member("folder/", '5', 0) + member("a.csv", '0', 1) +
                              member("b.csv", '\0', 512) + member("c.csv", '0', 513) +
                              member("link", '2', 0) + member("d.csv", '0', 0);
  CHECK(is_tar(archive));
  CHECK(tar_members(archive) == std::vector<std::string>{"a.csv", "b.csv", "c.csv", "d.csv"});
  CHECK(tar_members(archive + std::string(1024, '\0')).size() == 4);
}

TEST_CASE("archive members: a cut tar archive lists the headers that are there") {
  const std::string first = member("a.csv", '0', 600);
  CHECK(tar_members(first.substr(0, 512)) == std::vector<std::string>{"a.csv"});
  CHECK(tar_members(first + member("b.csv", '0', 0)).size() == 2);
  CHECK(tar_members(first.substr(0, 1024) + member("b.csv", '0', 0)).size() == 1);
  CHECK(is_tar(member("a.csv", '0', 0)));
  CHECK(!is_tar(first.substr(0, 511)));
  CHECK(!is_tar(""));
}

TEST_CASE("archive members: a header with another checksum or without a name is none") {
  std::string header = member("a.csv", '0', 0);
  ++header[0];
  CHECK(!is_tar(header));
  CHECK(tar_members(header).empty());
  CHECK(!is_tar(member("", '0', 0)));
  CHECK(!is_tar(std::string(512, '\0')));
}

// Little-endian.
std::string number(std::size_t value, int bytes) {
  std::string text;
  for (int i = 0; i < bytes; ++i) {
    text += static_cast<char>((value >> (8 * i)) & 0xFFU);
  }
  return text;
}

std::string entry(const std::string& name, const std::string& extra, const std::string& comment) {
  return "PK\x01\x02" + std::string(24, '.') + number(name.size(), 2) + number(extra.size(), 2) +
         number(comment.size(), 2) + std::string(12, '.') + name + extra + comment;
}

std::string zip_of(const std::string& entries) {
  const std::string contents = "PK\x03\x04 contents";
  return contents + entries + "PK\x05\x06" + std::string(12, '.') + number(contents.size(), 4) +
         number(0, 2);
}

TEST_CASE("archive members: files of a zip archive, with extra fields and comments") {
  const std::string archive = zip_of(entry("a.csv", "", "") + entry("folder/", "", "") +
                                     entry("folder/b.csv", "extra", "comment") + entry("", "", "") +
                                     entry("c.csv", "", ""));
  CHECK(zip_members(archive) == std::vector<std::string>{"a.csv", "folder/b.csv", "c.csv"});
  CHECK(zip_members(archive + "a comment").size() == 3);
  CHECK(zip_members(archive.substr(0, archive.size() - 1)).empty());
  CHECK(zip_members("PK\x03\x04 contents").empty());
  CHECK(zip_members(zip_of("")).empty());
}

}  // namespace archive_members_test
}  // namespace elastic::data
