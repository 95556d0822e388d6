// Runs a fuzz target without a fuzzer: replay CORPUS [MUTATIONS]
//
// Runs every file of the folder, then MUTATIONS variants of each with a fixed seed: bits flipped,
// bytes replaced, inserted, removed or repeated, two files joined. A failure ends the process and
// leaves its input in replay_failed.bin in the working folder.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz_target.h"

namespace {

using namespace std::string_literals;

constexpr std::size_t kMaxBytes = std::size_t{1} << 16;

void run(const std::string& input) {
  std::ofstream("replay_failed.bin", std::ios::binary) << input;
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(input.data()), input.size());
}

class Mutator {
 public:
  explicit Mutator(const std::vector<std::string>& corpus) : corpus_(corpus) {}

  std::string mutate(std::string input) {
    for (std::size_t i = 0; i <= below(4); ++i) {
      change(input);
    }
    input.resize(std::min(input.size(), kMaxBytes));
    return input;
  }

 private:
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>(random_() % bound); }

  void change(std::string& input) {
    const std::size_t place = below(input.size() + 1);
    const std::size_t count = std::min(1 + below(8), input.size() - place);
    const std::string special = "\0\xff\"'{}[],:\t\n\r0-9e.\xef"s + static_cast<char>(below(256));
    switch (below(6)) {
      case 0:
        if (place < input.size()) {
          input[place] = static_cast<char>(input[place] ^ (1 << below(8)));
        }
        break;
      case 1:
        if (place < input.size()) {
          input[place] = special[below(special.size())];
        }
        break;
      case 2:
        input.insert(place, 1, special[below(special.size())]);
        break;
      case 3:
        input.erase(place, count);
        break;
      case 4:
        input.insert(place, input.substr(place, count));
        break;
      default: {
        const std::string& other = corpus_[below(corpus_.size())];
        input = input.substr(0, place) + other.substr(below(other.size() + 1));
      }
    }
  }

  const std::vector<std::string>& corpus_;
  std::mt19937_64 random_{42};
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: replay CORPUS [MUTATIONS]\n", stderr);
    return 2;
  }
  const long mutations = argc > 2 ? std::atol(argv[2]) : 0;
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1])) {
    paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<std::string> corpus;
  for (const auto& path : paths) {
    std::ifstream file(path, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  Mutator mutator(corpus);
  long executions = 0;
  for (const std::string& input : corpus) {
    run(input);
    for (long i = 0; i < mutations; ++i) {
      run(mutator.mutate(input));
    }
    executions += 1 + mutations;
  }
  std::filesystem::remove("replay_failed.bin");
  std::printf("%zu files, %ld executions, no failure\n", corpus.size(), executions);
  return executions > 0 ? 0 : 1;
}
