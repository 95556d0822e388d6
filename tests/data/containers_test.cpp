#include "data/containers.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "data/compress.h"
#include "data/text_file.h"

namespace elastic::data::containers_test {
namespace {

using namespace std::string_literals;

std::string refusal_of(const std::string& bytes, const std::string& path) {
  try {
    decode_text(bytes, path);
  } catch (const DataError& error) {
    return error.what();
  }
  return "";
}

std::string number(std::size_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) {
    out.push_back(static_cast<char>(value >> (8 * i)));
  }
  return out;
}

// An archive of empty files.
std::string zip(const std::vector<std::string>& names) {
  std::string out;
  std::string directory;
  for (const std::string& name : names) {
    const std::string sizes = std::string(18, '\0') + number(name.size(), 2) + number(0, 2);
    const std::size_t offset = out.size();
    out += "PK\x03\x04\x14\0\0\0"s + sizes + name;
    directory +=
        "PK\x01\x02\x14\0\x14\0\0\0"s + sizes + std::string(10, '\0') + number(offset, 4) + name;
  }
  return out + directory + "PK\x05\x06"s + std::string(4, '\0') + number(names.size(), 2) +
         number(names.size(), 2) + number(directory.size(), 4) + number(out.size(), 4) + "\0\0"s;
}

// One block of a tar archive, and its content.
std::string tar_member(const std::string& name, char type, const std::string& content) {
  std::string header(512, '\0');
  const auto put = [&](std::size_t at, const std::string& text) {
    header.replace(at, text.size(), text);
  };
  put(0, name);
  char size[16];
  std::snprintf(size, sizeof size, "%011o", static_cast<unsigned>(content.size()));
  put(124, size);
  put(148, "        ");
  header[156] = type;
  unsigned sum = 0;
  for (const char c : header) {
    sum += static_cast<unsigned char>(c);
  }
  char checksum[16];
  std::snprintf(checksum, sizeof checksum, "%06o", sum);
  put(148, std::string(checksum) + "\0 "s);
  return header + content + std::string((512 - content.size() % 512) % 512, '\0');
}

TEST_CASE("containers: each kind is named with the command that converts it") {
  struct Case {
    std::string bytes;
    std::string kind;
    std::string command;
  };
  const std::string rest = "\x15\x04\0\0\0"s;
  for (const Case& c : {
           Case{"PAR1" + rest, "a Parquet file", "pandas.read_parquet(file)"},
           {"ARROW1" + rest, "a Feather file", "pandas.read_feather(file)"},
           {"FEA1" + rest, "a Feather file", "pandas.read_feather(file)"},
           {"\xff\xff\xff\xff" + rest, "an Arrow stream", "pyarrow.ipc.open_stream(file)"},
           {"ORC" + rest, "an ORC file", "pandas.read_orc(file)"},
           {"Obj\x01" + rest, "an Avro file", "fastavro.reader(open(file, 'rb'))"},
           {"\x89HDF\r\n\x1a\n" + rest, "an HDF5 file", "pandas.read_hdf(file)"},
           {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + rest, "an Excel workbook", "pandas.read_excel("},
           {"\x93NUMPY\x01" + rest, "a NumPy array", "numpy.savetxt("},
           {"\x80\x04\x95" + rest + ".", "a Python pickle", "pandas.read_pickle(file)"},
           {"7z\xbc\xaf\x27\x1c" + rest, "a 7z archive", "first run: 7z x a.bin"},
           {"Rar!\x1a\x07" + rest, "a rar archive", "first run: unrar x a.bin"},
           {"\x04\x22\x4d\x18" + rest, "an lz4 stream", "first run: lz4 -dc a.bin > a.bin.csv"},
           {"LZIP\x01" + rest, "an lzip stream", "first run: lzip -dc a.bin > a.bin.csv"},
           {"\x5d\0\0\x80"s + rest, "an lzma stream", "first run: xz -dc a.bin > a.bin.csv"},
           {"\x1f\x9d\x90" + rest, "a stream of compress (.Z)", "gzip -dc a.bin > a.bin.csv"},
           {"%PDF-1.4\n" + rest, "a PDF document", "pdftotext -layout a.bin a.bin.csv"},
           {"version https://git-lfs.github.com/spec/v1\noid",
            "a pointer of Git LFS",
            "git lfs pull"},
           {"SQLite format 3\0"s + rest, "an SQLite database", "'select * from TABLE' > a.bin.csv"},
           {zip({"data.csv"}), "a zip archive of data.csv", "first run: unzip a.bin"},
           {zip({}), "a zip archive", "first run: unzip a.bin"},
           {zip({"_rels/.rels", "xl/workbook.xml"}), "an Excel workbook", "pandas.read_excel("},
           {zip({"mimetype", "content.xml"}), "an OpenDocument spreadsheet", "pandas.read_excel("},
           {zip({"users.npy", "items.npy"}),
            "a file of NumPy arrays of users.npy, items.npy",
            "numpy"},
           {tar_member("data.csv", '0', "1,2\n"), "a tar archive of data.csv", "tar -xf a.bin"},
       }) {
    CAPTURE(c.kind);
    const std::string message = refusal_of(c.bytes, "a.bin");
    CHECK(message.starts_with("data: a.bin is " + c.kind));
    CHECK(message.find(c.command) != std::string::npos);
    CHECK(message.find("IN") == std::string::npos);
    CHECK(message.find("OUT") == std::string::npos);
  }
}

TEST_CASE("containers: commands are complete, with the file's name as a word of the shell") {
  CHECK(refusal_of("PAR1\x15\x04", "a b.parquet") ==
        "data: a b.parquet is a Parquet file; to read it, first run: python3 -c \"import pandas, "
        "sys; "
        "file = sys.argv[1]; pandas.read_parquet(file).to_csv(sys.argv[2], index=False)\" "
        "'a b.parquet' 'a b.parquet.csv' (needs pandas, pyarrow)");
  CHECK(refusal_of(zip({"it"}), "it's.zip") ==
        "data: it's.zip is a zip archive of it; to read it, first run: unzip 'it'\\''s.zip'");
  CHECK(refusal_of(zip({"it"}), "-f") ==
        "data: -f is a zip archive of it; to read it, first run: unzip ./-f");
  CHECK(refusal_of(zip({"it"}), "-") ==
        "data: standard input is a zip archive of it; to read it, first run: unzip FILE");
}

TEST_CASE("containers: the files of an archive are listed without its folders") {
  CHECK(refusal_of(zip({"ml/", "ml/a.csv", "ml/b.csv", "ml/c.csv", "ml/d.csv", "ml/e.csv"}), "z")
            .starts_with("data: z is a zip archive of ml/a.csv, ml/b.csv, ml/c.csv and 2 more;"));
  const std::string tar = tar_member("ml/", '5', "") +
                          tar_member("ml/a", '0', std::string(600, 'a')) +
                          tar_member("ml/b", '0', "b") + std::string(1024, '\0');
  CHECK(refusal_of(tar, "t").starts_with("data: t is a tar archive of ml/a, ml/b;"));
  std::string cut = zip({"a.csv", "b.csv"});
  cut.resize(cut.size() - 30);
  CHECK(refusal_of(cut, "z").starts_with("data: z is a zip archive;"));
}

TEST_CASE("containers: the tables of a database are listed; one alone is in the command") {
  std::string tables = "SQLite format 3\0\0\0tableratings\3CREATE TABLE \"ratings\" (user, item)"s;
  CHECK(refusal_of(tables, "a.db") ==
        "data: a.db is an SQLite database of ratings; to read it, first run: sqlite3 -header -csv "
        "a.db 'select * from ratings' > a.db.csv");
  tables += "CREATE TABLE users(id)";
  CHECK(refusal_of(tables, "a.db")
            .find("database of ratings, users; to read it, first run: sqlite3 -header -csv a.db "
                  "'select * from TABLE'") != std::string::npos);
}

TEST_CASE(
    "containers: a compressed archive is unpacked by tar, other kinds are decompressed first") {
  const std::string tar = tar_member("u.data", '0', "1\t2\n");
  CHECK(refusal_of(gzip(tar), "a.tgz") ==
        "data: a.tgz is a tar archive of u.data, compressed with gzip; to read it, first run: "
        "tar -xf a.tgz");
  CHECK(refusal_of(zstd("PAR1\x15\x04"), "a.parquet.zst") ==
        "data: a.parquet.zst is a Parquet file, compressed with zstd; to read it, first run: "
        "zstd -dc a.parquet.zst > a.parquet");
  CHECK(refusal_of(bzip2(zip({"a.csv"})), "download") ==
        "data: download is a zip archive of a.csv, compressed with bzip2; to read it, first run: "
        "bzip2 -dc download > download.out");
}

TEST_CASE("containers: a web page is named") {
  for (const char* page : {"<!DOCTYPE html>\n<html>", "\r\n <html lang=en>"}) {
    CHECK(refusal_of(page, "log") == "data: log is a web page; did the download ask for a login?");
  }
}

TEST_CASE("containers: texts that start like another kind are read") {
  for (const char* text : {"PAR1,5\nORC,6\n",
                           "ORC,item\n",
                           "ARROW1 5\n",
                           "%PDF-1 5\n",
                           "PK 3\n",
                           "BZh9 1AY\n",
                           "Rar! 5\n",
                           "\u00ff\u00ff\u00ff\u00ff\n"}) {
    CAPTURE(text);
    CHECK(decode_text(text, "log") == text);
  }
}

}  // namespace
}  // namespace elastic::data::containers_test
