// The folder of a run for targets whose code reads one, and a small model that reads streams.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "model/registry.h"
#include "train/items_file.h"

namespace elastic::fuzz {

/// Lives as long as the process. In memory if the machine has a /dev/shm that can be written: runs
/// sync their files.
class RunFolder {
 public:
  /// With files of these names and contents.
  explicit RunFolder(const std::map<std::string, std::string>& files = {}) {
    const std::filesystem::path memory = "/dev/shm";
    const bool writable = ::access(memory.c_str(), W_OK | X_OK) == 0;
    path_ = (writable ? memory : std::filesystem::temp_directory_path()) /
            concat("elastic_fuzz_", ::getpid());
    std::filesystem::create_directories(path_);
    for (const auto& [name, content] : files) {
      write(name, content);
    }
  }
  ~RunFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;

  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string file(const std::string& name) const { return (path_ / name).string(); }
  void write(const std::string& name, std::string_view content) const {
    std::ofstream(file(name), std::ios::binary) << content;
  }
  void remove(const std::string& name) const { std::filesystem::remove(file(name)); }

 private:
  std::filesystem::path path_;
};

/// The names "1", "2" and so on, without titles.
inline std::vector<train::ItemName> numbered_items(std::int64_t count) {
  std::vector<train::ItemName> items;
  for (std::int64_t item = 1; item <= count; ++item) {
    items.push_back({std::to_string(item), ""});
  }
  return items;
}

/// A model with six items and a state of a few numbers per user.
inline std::unique_ptr<Model> streaming_model() {
  ModelConfig config;
  config.model = "gsa";
  config.dim = 2;
  config.num_heads = 1;
  config.num_layers = 1;
  config.ffn_dim = 2;
  config.max_len = 4;
  config.num_experts = 2;
  config.position = PositionEmbedding::kNone;
  config.num_items = 6;
  return make_model(config, /*seed=*/1);
}

}  // namespace elastic::fuzz
