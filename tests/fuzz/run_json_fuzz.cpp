// The JSON files of a run, as the commands that open a run read them. The first byte chooses the
// file, the rest is its content; the other files are those of a small run.
#include <array>

#include "cli/asking/query.h"
#include "cli/asking/run_log_format.h"
#include "cli/runs/run_files.h"
#include "cli/runs/run_model.h"
#include "cli/runs/run_report.h"
#include "cli/runs/run_rules.h"
#include "cli/usage/argument_parser.h"
#include "data/data_config.h"
#include "data/json_document.h"
#include "fuzz_target.h"
#include "run_folder.h"

namespace {

using namespace elastic;

constexpr std::array<const char*, 5> kFiles{
    "config.json", "data.json", "sources.json", "result.json", "metrics.jsonl"};
constexpr const char* kLog =
    "user,item,timestamp\na,1,1\na,2,2\na,3,3\na,1,4\nb,2,1\nb,3,2\nb,1,3\n";

// The run's files by name. The log is read as `train` reads it, for the hashes in data.json.
std::map<std::string, std::string> files_of_run() {
  const fuzz::MemoryFile log(kLog);
  data::DataConfig config;
  config.data = {log.path()};
  const data::LoadedData loaded = data::load_data(config);
  nlohmann::ordered_json description = data::describe(loaded, data::Split(loaded.dataset));
  description[cli::kRunHash] = "run";
  description[cli::kItemsHash] = "items";
  return {
      {"log.csv", kLog},
      {"config.json", R"({"model": "gsa", "dim": 16, "data": ["log.csv"], "seed": 1})"},
      {"data.json", data::json_text(description)},
      {"sources.json", R"({"dim": "--dim", "run": "run"})"},
      {"result.json", R"({"run": "run", "metrics": {"HR@10": 0.5}, "protocol": {"ranks": "all"}})"},
      {"metrics.jsonl",
       "{\"event\": \"epoch\", \"epoch\": 1, \"loss\": 2.5}\n"
       "{\"event\": \"evaluation\", \"epoch\": 1, \"NDCG@10\": 0.1, \"elapsed_s\": 3}\n"}};
}

// The options of a command from the command line and the run.
void parse_command(const std::vector<std::string>& arguments) {
  std::vector<const char*> pointers{"elastic"};
  for (const std::string& argument : arguments) {
    pointers.push_back(argument.c_str());
  }
  const char* const environment[] = {nullptr};
  fuzz::refused_at_most([&] {
    cli::ArgumentParser parser;
    if (parser.parse(static_cast<int>(pointers.size()), pointers.data(), environment) == nullptr) {
      std::abort();
    }
  });
}

void read_rules(const fuzz::RunFolder& run) {
  parse_command({"eval", run.path()});
  parse_command({"predict", run.path()});
  fuzz::refused_at_most([&] { (void)cli::read_run_rules(run.path()); });
}

void read_data(const fuzz::RunFolder& run) {
  cli::DataPlace place;
  place.data = {run.file("log.csv")};
  place.cache = "off";
  fuzz::refused_at_most(
      [&] { (void)cli::read_data_again(run.path(), place, [](const std::string&) {}); });
}

// The form of the log in data.json, and lines that are read by it.
void read_form(const fuzz::RunFolder& run) {
  constexpr std::array<const char*, 5> kLines{
      "a,1,2,3", "a 1 [1, 2]", "17:", R"({"user": "a", "item": [1, 2]})", "\"a\"\"\t'b\\|c::d"};
  fuzz::refused_at_most([&] {
    const auto format = cli::read_log_format(run.path());
    if (format) {
      (void)format->describe();
    }
    for (const auto plain : {cli::PlainLine::kAny, cli::PlainLine::kEvent}) {
      cli::QueryParser parser(plain, format);
      std::int64_t number = 0;
      for (const char* line : kLines) {
        (void)parser.parse(line, ++number);
      }
    }
  });
}

void compare_files(const fuzz::RunFolder& run) {
  train::SavedModelInfo model;
  model.data_hash = "data";
  model.identity = {"run", "items", R"({"dim": 16, "model": "gsa", "drop_duplicates": "none"})"};
  fuzz::refused_at_most([&] { cli::check_model_of_run(run.path(), model); });
  fuzz::refused_at_most([&] { (void)cli::recorded_identity(run.path(), {}); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto files = files_of_run();
  static const fuzz::RunFolder run(files);
  if (size < 1) {
    return 0;
  }
  const std::string name = kFiles[data[0] % kFiles.size()];
  run.write(name, fuzz::text_of(data + 1, size - 1));
  if (name == "config.json" || name == "sources.json") {
    parse_command({"train", "--resume", "--out", run.path()});
  }
  if (name == "config.json") {
    read_rules(run);
  }
  if (name == "config.json" || name == "data.json") {
    read_data(run);
  }
  if (name == "data.json") {
    read_form(run);
  }
  compare_files(run);
  fuzz::refused_at_most([&] {
    if (cli::run_report(run.path()).empty()) {
      std::abort();
    }
  });
  run.write(name, files.at(name));
  return 0;
}
