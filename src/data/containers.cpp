#include "data/containers.h"

#include <algorithm>
#include <set>
#include <vector>

#include "base/error.h"
#include "data/archive_members.h"

namespace elastic::data {
namespace {

using namespace std::string_view_literals;

enum class Tool {
  kShell,   // the command is a command line; IN and OUT are replaced by the two files
  kPandas,  // the command is a Python expression that reads `file` as a table
};

struct Container {
  std::string kind;
  Tool tool = Tool::kShell;
  std::string command;
  std::string remark;
};

// A kind of file with its first bytes. Those that are words of text count only in files that hold
// control characters.
struct Magic {
  std::string_view bytes;
  bool word;
  const char* kind;
  Tool tool;
  const char* command;
  const char* remark = "";
};

constexpr const char* kNpyCommand =
    "python3 -c \"import numpy, sys; numpy.savetxt(sys.argv[2], numpy.load(sys.argv[1]), "
    "fmt='%s', delimiter=',')\" IN OUT";
constexpr const char* kNpzCommand =
    "python3 -c \"import numpy, sys; [numpy.savetxt(sys.argv[1] + '.' + name + '.csv', "
    "numpy.atleast_1d(array), fmt='%s', delimiter=',') for name, array in "
    "numpy.load(sys.argv[1]).items()]\" IN";
constexpr const char* kExcelTable = "pandas.read_excel(file, dtype=object)";
constexpr const char* kAvroTable =
    "import fastavro; pandas.DataFrame(fastavro.reader(open(file, 'rb')))";
constexpr const char* kStreamTable =
    "import pyarrow.ipc; pyarrow.ipc.open_stream(file).read_pandas()";

constexpr const char* kArrow = "needs pandas, pyarrow";

constexpr Magic kMagics[] = {
    {"PAR1", true, "a Parquet file", Tool::kPandas, "pandas.read_parquet(file)", kArrow},
    {"ARROW1", true, "a Feather file", Tool::kPandas, "pandas.read_feather(file)", kArrow},
    {"FEA1", true, "a Feather file", Tool::kPandas, "pandas.read_feather(file)", kArrow},
    {"\xff\xff\xff\xff", true, "an Arrow stream", Tool::kPandas, kStreamTable, kArrow},
    {"ORC", true, "an ORC file", Tool::kPandas, "pandas.read_orc(file)", kArrow},
    {"Obj\x01", false, "an Avro file", Tool::kPandas, kAvroTable, "needs pandas, fastavro"},
    {"\x89HDF\r\n\x1a\n",
     false,
     "an HDF5 file",
     Tool::kPandas,
     "pandas.read_hdf(file)",
     "needs pandas, tables"},
    {"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
     false,
     "an Excel workbook",
     Tool::kPandas,
     kExcelTable,
     "needs pandas, xlrd; reads the first sheet"},
    {"\x93NUMPY", false, "a NumPy array", Tool::kShell, kNpyCommand, "needs numpy"},
    {"7z\xbc\xaf\x27\x1c", false, "a 7z archive", Tool::kShell, "7z x IN"},
    {"Rar!\x1a\x07", false, "a rar archive", Tool::kShell, "unrar x IN"},
    {"\x04\x22\x4d\x18", false, "an lz4 stream", Tool::kShell, "lz4 -dc IN > OUT"},
    {"LZIP\x01", false, "an lzip stream", Tool::kShell, "lzip -dc IN > OUT"},
    {"\x5d\0\0"sv, false, "an lzma stream", Tool::kShell, "xz -dc IN > OUT"},
    {"\x1f\x9d", false, "a stream of compress (.Z)", Tool::kShell, "gzip -dc IN > OUT"},
    {"%PDF-", true, "a PDF document", Tool::kShell, "pdftotext -layout IN OUT"},
    {"version https://git-lfs.github.com/spec/",
     false,
     "a pointer of Git LFS to the real file",
     Tool::kShell,
     "git lfs pull"},
};

bool any_starts(const std::vector<std::string>& names, std::string_view start) {
  return std::any_of(
      names.begin(), names.end(), [&](const std::string& name) { return name.starts_with(start); });
}

// " of a.csv, b.csv and 3 more"
std::string listed_members(const std::vector<std::string>& names) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(names.size(), kMost); ++i) {
    text += concat(i == 0 ? " of " : ", ", names[i]);
  }
  const auto is_control = [](char c) { return static_cast<unsigned char>(c) < ' '; };
  std::replace_if(text.begin(), text.end(), is_control, '?');
  return names.size() > kMost ? concat(text, " and ", names.size() - kMost, " more") : text;
}

Container zip_container(std::string_view bytes) {
  const std::vector<std::string> names = zip_members(bytes);
  if (any_starts(names, "xl/")) {
    return {"an Excel workbook",
            Tool::kPandas,
            kExcelTable,
            "needs pandas, openpyxl; reads the first sheet"};
  }
  if (any_starts(names, "mimetype") && any_starts(names, "content.xml")) {
    return {"an OpenDocument spreadsheet",
            Tool::kPandas,
            kExcelTable,
            "needs pandas, odfpy; reads the first sheet"};
  }
  const bool arrays = std::all_of(
      names.begin(), names.end(), [](const std::string& name) { return name.ends_with(".npy"); });
  if (!names.empty() && arrays) {
    return {
        "a file of NumPy arrays" + listed_members(names), Tool::kShell, kNpzCommand, "needs numpy"};
  }
  return {"a zip archive" + listed_members(names), Tool::kShell, "unzip IN", ""};
}

// With the names of the tables, from the statements at the start of the file.
Container sqlite_container(std::string_view bytes) {
  constexpr std::size_t kSchemaBytes = std::size_t{1} << 16;
  constexpr std::string_view kStatement = "CREATE TABLE ";
  bytes = bytes.substr(0, kSchemaBytes);
  std::set<std::string> names;
  for (std::size_t at = 0; (at = bytes.find(kStatement, at)) != std::string_view::npos;) {
    at += kStatement.size();
    std::string_view name = bytes.substr(at, bytes.find('(', at) - at);
    name.remove_prefix(std::min(name.find_first_not_of("\"'`["), name.size()));
    name = name.substr(0, name.find_first_of(" \"'`]\n\t\0"sv));
    const bool word = std::all_of(name.begin(), name.end(), [](char c) {
      return c == '_' || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    });
    if (word && !name.empty() && !name.starts_with("sqlite_")) {
      names.emplace(name);
    }
  }
  const std::string table = names.size() == 1 ? *names.begin() : "TABLE";
  return {"an SQLite database" + listed_members({names.begin(), names.end()}),
          Tool::kShell,
          concat("sqlite3 -header -csv IN 'select * from ", table, "' > OUT"),
          ""};
}

bool is_pickle(std::string_view bytes) {
  constexpr char kLatestProtocol = 5;
  return bytes.size() > 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= kLatestProtocol &&
         bytes.ends_with('.');
}

bool is_html(std::string_view bytes) {
  constexpr std::size_t kLongestStart = 14;
  std::string start(
      bytes.substr(std::min(bytes.find_first_not_of(" \t\r\n"), bytes.size()), kLongestStart));
  std::transform(start.begin(), start.end(), start.begin(), [](char c) {
    return static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  });
  return start.starts_with("<!doctype html") || start.starts_with("<html");
}

// The kind of `bytes`; an empty one if they may be text.
Container container_of(std::string_view bytes) {
  constexpr std::size_t kStart = 4096;
  const std::string_view start = bytes.substr(0, kStart);
  const bool controls = std::any_of(
      start.begin(), start.end(), [](char c) { return static_cast<unsigned char>(c) < '\t'; });
  if (bytes.starts_with("PK\x03\x04") || bytes.starts_with("PK\x05\x06")) {
    return zip_container(bytes);
  }
  if (bytes.starts_with("SQLite format 3\0"sv)) {
    return sqlite_container(bytes);
  }
  if (is_tar(bytes)) {
    return {"a tar archive" + listed_members(tar_members(bytes)), Tool::kShell, "tar -xf IN", ""};
  }
  if (is_pickle(bytes)) {
    return {"a Python pickle",
            Tool::kPandas,
            "pandas.DataFrame(pandas.read_pickle(file))",
            "needs pandas; runs code that the file may hold, so the source must be trusted"};
  }
  if (is_html(bytes)) {
    return {"a web page; did the download ask for a login?", Tool::kShell, "", ""};
  }
  for (const Magic& magic : kMagics) {
    if (bytes.starts_with(magic.bytes) && (controls || !magic.word)) {
      return {magic.kind, magic.tool, magic.command, magic.remark};
    }
  }
  return {};
}

// `text` as one word of a shell's command line.
std::string shell_word(const std::string& text) {
  const auto is_plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           std::string_view("_-./+=:,@%").find(c) != std::string_view::npos;
  };
  const std::string word = text.starts_with('-') ? "./" + text : text;
  if (std::all_of(word.begin(), word.end(), is_plain)) {
    return word;
  }
  std::string quoted = "'";
  for (const char c : word) {
    quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return quoted + "'";
}

// Replaces the words IN and OUT.
std::string filled(const std::string& command, const std::string& in, const std::string& out) {
  std::string line;
  for (std::size_t begin = 0; begin <= command.size();) {
    const std::size_t end = std::min(command.find(' ', begin), command.size());
    const std::string word = command.substr(begin, end - begin);
    line += concat(begin == 0 ? "" : " ", word == "IN" ? in : word == "OUT" ? out : word);
    begin = end + 1;
  }
  return line;
}

std::string command_line(const Container& container,
                         const std::string& path,
                         const Compression* outer) {
  const std::string file = path == "-" ? "FILE" : path;
  if (outer != nullptr && !container.command.starts_with("tar ")) {
    const std::string_view suffix = outer->suffix;
    const bool named = file.size() > suffix.size() && file.ends_with(suffix);
    const std::string out = named ? file.substr(0, file.size() - suffix.size()) : file + ".out";
    return concat(outer->name, " -dc ", shell_word(file), " > ", shell_word(out));
  }
  const std::string command = container.tool == Tool::kShell
                                  ? container.command
                                  : concat("python3 -c \"import pandas, sys; file = sys.argv[1]; ",
                                           container.command,
                                           ".to_csv(sys.argv[2], index=False)\" IN OUT");
  return filled(command, shell_word(file), shell_word(file + ".csv"));
}

}  // namespace

void refuse_container(std::string_view bytes, const std::string& path, const Compression* outer) {
  const Container container = container_of(bytes);
  if (container.kind.empty()) {
    return;
  }
  const std::string file = path == "-" ? "standard input" : path;
  const std::string inside = outer == nullptr ? "" : concat(", compressed with ", outer->name);
  std::string message = concat("data: ", file, " is ", container.kind, inside);
  if (!container.command.empty()) {
    message += concat("; to read it, first run: ", command_line(container, path, outer));
  }
  if (outer == nullptr && !container.remark.empty()) {
    message += concat(" (", container.remark, ")");
  }
  throw DataError(message);
}

}  // namespace elastic::data
