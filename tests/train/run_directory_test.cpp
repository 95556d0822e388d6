#include "train/run_directory.h"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <string>

#include "base/error.h"
#include "error_message.h"
#include "temporary_folder.h"
#include "train/items_file.h"
#include "train/metrics_log.h"
#include "train/run_folder.h"

using namespace elastic;
using namespace elastic::train;
namespace fs = std::filesystem;

namespace {

void check_contains(const std::string& text, const std::string& part) {
  CAPTURE(text);
  CHECK(text.find(part) != std::string::npos);
}

}  // namespace

TEST_CASE("run directory: a new one is created with its parents") {
  const TemporaryFolder folder;
  const RunDirectory run = RunDirectory::create(folder.file("a/b"));
  CHECK(fs::is_directory(folder.file("a/b/checkpoints")));
  CHECK_FALSE(run.has_checkpoint());
  run.write_json("config.json", {{"model", "elastic"}, {"dim", 64}});
  const auto config = read_json(run.file("config.json"));
  CHECK(config["model"] == "elastic");
  CHECK(config.begin().key() == "model");
}

TEST_CASE("run directory: an empty folder is accepted, any other refused") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  fs::create_directories(path);
  { const RunDirectory run = RunDirectory::create(path); }
  std::ofstream(path + "/notes.txt") << "mine";
  CHECK(error_message<UsageError>([&] { RunDirectory::create(path); }) ==
        "--out " + path + ": the folder is not empty; choose another --out");
  std::ofstream(path + "/config.json") << "{}";
  CHECK(
      error_message<UsageError>([&] { RunDirectory::create(path); }) ==
      "--out " + path +
          ": this folder already holds a run; continue it with --resume, or choose another --out");
}

TEST_CASE("run directory: a file in its place, or above it, is refused by name") {
  const TemporaryFolder folder;
  std::ofstream(folder.file("file")) << "x";
  CHECK(error_message<UsageError>([&] { RunDirectory::create(folder.file("file")); }) ==
        "--out " + folder.file("file") + ": expected a folder, this is a file");
  CHECK(error_message<UsageError>([&] {
          RunDirectory::create(folder.file("file/run"));
        }).starts_with("--out " + folder.file("file/run") + ": the folder cannot be created: "));
}

TEST_CASE("run directory: a folder that cannot be written is refused by name") {
  // Even root cannot write to /proc.
  CHECK(error_message<UsageError>([] { RunDirectory::create("/proc/self"); }) ==
        "--out /proc/self: the folder is not empty; choose another --out");
  CHECK(error_message<UsageError>([] {
          RunDirectory::create("/proc/elastic");
        }).starts_with("--out /proc/elastic: the folder cannot be created: "));
}

TEST_CASE("run directory: only one process at a time can use it") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  const RunDirectory run = RunDirectory::create(path);
  run.write_json("config.json", {});
  const std::string expected = path + ": in use by another process";
  CHECK(error_message<UsageError>([&] { RunDirectory::create(path); }) == expected);
  CHECK(error_message<UsageError>([&] { RunDirectory::resume(path); }) == expected);
}

TEST_CASE("run directory: resuming needs a run, and removes leftovers of a killed process") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  CHECK(error_message<UsageError>([&] { RunDirectory::resume(path); }) ==
        "--resume: there is no run in " + path + "; leave out --resume to start one");
  CHECK_FALSE(fs::exists(path));
  RunDirectory::create(path).write_json("config.json", {});
  std::ofstream(path + "/checkpoints/latest.safetensors.17.tmp") << "half";
  const RunDirectory run = RunDirectory::resume(path);
  CHECK(fs::is_empty(path + "/checkpoints"));
}

TEST_CASE("run directory: leftovers of a process killed before config.json do not matter") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  fs::create_directories(path + "/checkpoints");
  std::ofstream(path + "/.lock") << "";
  std::ofstream(path + "/config.json.17.tmp") << "half";
  { const RunDirectory run = RunDirectory::create(path); }
  CHECK_FALSE(fs::exists(path + "/config.json.17.tmp"));
  CHECK(fs::is_empty(path));  // no config.json was written
  // Other files stay, whatever their names.
  std::ofstream(path + "/notes.tmp") << "mine";
  CHECK(error_message<UsageError>([&] { RunDirectory::create(path); }) ==
        "--out " + path + ": the folder is not empty; choose another --out");
  CHECK(fs::exists(path + "/notes.tmp"));
}

TEST_CASE("run directory: a start that failed leaves nothing, and is replaced if it was killed") {
  const TemporaryFolder folder;
  const std::string path = folder.file("a/run");
  { const RunDirectory run = RunDirectory::create(path); }
  CHECK_FALSE(fs::exists(folder.file("a")));
  {
    const RunDirectory run = RunDirectory::create(path);
    run.write_json("config.json", {});
    run.write_json("data.json", {});
    MetricsLog(run.metrics_path(), 0).write({{"event", "epoch"}});
    fs::create_directories(path + "/tensorboard");
    std::ofstream(path + "/tensorboard/events.out.tfevents.1.host.2") << "x";
  }
  CHECK(fs::exists(path + "/data.json"));
  {
    const RunDirectory run = RunDirectory::create(path);
    CHECK_FALSE(fs::exists(path + "/data.json"));
    CHECK_FALSE(fs::exists(path + "/metrics.jsonl"));
    CHECK_FALSE(fs::exists(path + "/tensorboard"));
    run.write_json("config.json", {});
  }
  fs::remove(path + "/.lock");  // not known to be ours
  CHECK(error_message<UsageError>([&] { RunDirectory::create(path); }) != "");
  CHECK_FALSE(fs::exists(path + "/.lock"));
}

TEST_CASE("run directory: a model, a checkpoint or a result is never replaced") {
  const TemporaryFolder folder;
  for (const std::string name :
       {"model.safetensors", "result.json", "checkpoints/latest.safetensors", "tensorboard/mine"}) {
    CAPTURE(name);
    const std::string path = folder.file("run_" + std::to_string(name.size()));
    RunDirectory::create(path).write_json("config.json", {});
    fs::create_directories(path + "/tensorboard");
    std::ofstream(path + "/" + name) << "x";
    CHECK(error_message<UsageError>([&] {
            RunDirectory::create(path);
          }).find("already holds a run") != std::string::npos);
    CHECK(fs::exists(path + "/" + name));
  }
}

TEST_CASE("run directory: a search that was killed at its start does not hinder the next start") {
  const TemporaryFolder folder;
  const std::string path = folder.file("run");
  const std::string search = path + "/" + kSearchFolder;
  fs::create_directories(search + "/checkpoints");
  for (const std::string& part : {path, search}) {
    std::ofstream(part + "/.lock") << "";
  }
  CHECK(content_of(path) == FolderContent::kNothing);
  std::ofstream(search + "/config.json") << "{}";
  CHECK(content_of(path) == FolderContent::kFailedStart);
  { const RunDirectory run = RunDirectory::create(path); }
  CHECK_FALSE(fs::exists(search));
  fs::create_directories(search);
  std::ofstream(search + "/model.safetensors") << "x";
  std::ofstream(search + "/config.json") << "{}";
  CHECK(content_of(path) == FolderContent::kOther);
}

TEST_CASE("run directory: JSON that is missing or broken is refused by name") {
  const TemporaryFolder folder;
  const std::string path = folder.file("data.json");
  CHECK(error_message<CheckpointError>([&] { read_json(path); }) == path + ": no such file");
  std::ofstream(path) << "{";
  CHECK(error_message<CheckpointError>([&] { read_json(path); }) == path + ": expected JSON");
}

TEST_CASE("items file: names with any characters survive") {
  const TemporaryFolder folder;
  const std::string path = folder.file("items.tsv");
  const std::vector<ItemName> items{
      {"42", "Toy Story (1995)"}, {"a\tb\\t", "two\nlines\r\\"}, {"", ""}, {"caf\xe9", "\\n"}};
  write_items(path, items);
  CHECK(read_items(path) == items);
  CHECK(bytes_of(path).starts_with("id\traw_id\ttitle\n1\t42\tToy Story (1995)\n"));
  write_items(path, {});
  CHECK(read_items(path).empty());
}

TEST_CASE("items file: a broken line is refused, naming its number") {
  const TemporaryFolder folder;
  const std::string path = folder.file("items.tsv");
  std::ofstream(path) << "id\traw_id\ttitle\n1\ta\tA\n3\tb\tB\n";
  CHECK(error_message<CheckpointError>([&] { read_items(path); }) ==
        path + ":3: expected item 2, its raw id and its title, separated by tabs");
  std::ofstream(path) << "id\traw_id\ttitle\n1\ta\tA\n2\tb\tB\n3\ta\tC\n";
  CHECK(error_message<CheckpointError>([&] { read_items(path); }) ==
        path + ":4: the raw id 'a' is that of line 2");
  std::ofstream(path) << "what\n";
  CHECK(error_message<CheckpointError>([&] { read_items(path); }).starts_with(path + ":1: "));
}

TEST_CASE("items file: another file than the model's is refused by its hash") {
  const TemporaryFolder folder;
  const std::string path = folder.file("items.tsv");
  const std::vector<ItemName> items{{"a", "A"}, {"b", "B"}};
  write_items(path, items);
  CHECK(read_items(path, hash_of_items(items)) == items);
  write_items(path, std::vector<ItemName>{{"a", "A"}, {"b", "C"}});
  CHECK(error_message<CheckpointError>([&] {
          read_items(path, hash_of_items(items));
        }).starts_with(path + ": not the items of the model"));
}

TEST_CASE("metrics log: only the file that the checkpoint refers to is continued") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics.jsonl");
  std::string checksum;
  std::int64_t bytes = 0;
  {
    MetricsLog log(path, 0);
    log.write({{"event", "epoch"}});
    checksum = log.checksum();
    bytes = log.bytes();
    log.write({{"event", "later"}});
  }
  CHECK(MetricsLog(path, bytes, checksum).checksum() == checksum);
  CHECK(error_message<CheckpointError>([&] { MetricsLog(path, bytes + 1, checksum); }) ==
        path + ": has " + std::to_string(bytes) + " bytes, the run's checkpoint refers to " +
            std::to_string(bytes + 1) + " of them");
  const std::string other = "{\"event\":\"other\"}\n";
  std::ofstream(path) << other;
  check_contains(error_message<CheckpointError>(
                     [&] { MetricsLog(path, static_cast<std::int64_t>(other.size()), checksum); }),
                 "are not those that the run's checkpoint refers to");
  CHECK(bytes_of(path) == other);
}

TEST_CASE("metrics log: a pipe or a folder in its place is refused, at once") {
  const TemporaryFolder folder;
  REQUIRE(::mkfifo(folder.file("pipe").c_str(), 0600) == 0);
  check_contains(error_message<CheckpointError>([&] { MetricsLog(folder.file("pipe"), 0); }),
                 "/pipe: expected a file");
  check_contains(error_message<CheckpointError>([&] { MetricsLog(folder.path(), 0); }),
                 ": expected a file, this is a folder");
}

TEST_CASE("metrics log: a resumed log drops the lines that will be written again") {
  const TemporaryFolder folder;
  const std::string path = folder.file("metrics.jsonl");
  std::int64_t kept = 0;
  {
    MetricsLog log(path, 0);
    log.write({{"event", "epoch"}, {"loss", 0.1}});
    CHECK(bytes_of(path) == "{\"event\":\"epoch\",\"loss\":0.1}\n");
    kept = log.bytes();
    log.write({{"event", "lost"}});
  }
  {
    MetricsLog log(path, kept);
    CHECK(log.bytes() == kept);
    log.write({{"event", "next"}});
  }
  CHECK(bytes_of(path) == "{\"event\":\"epoch\",\"loss\":0.1}\n{\"event\":\"next\"}\n");
  CHECK_THROWS_AS(MetricsLog(path, 1'000'000), CheckpointError);
  CHECK(bytes_of(path) == "{\"event\":\"epoch\",\"loss\":0.1}\n{\"event\":\"next\"}\n");
  { const MetricsLog log(path, 0); }
  CHECK(bytes_of(path).empty());
}
