// Compares two runs that must have the same bits, however often one was interrupted.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "temporary_folder.h"
#include "tensor/safetensors.h"

namespace elastic::train {

/// The lines of metrics.jsonl without measured times.
inline std::vector<std::string> timeless_metrics(const std::string& run) {
  std::ifstream file(run + "/metrics.jsonl");
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) {
    nlohmann::ordered_json event = nlohmann::ordered_json::parse(line);
    event.erase("seconds");
    event.erase("elapsed_s");
    lines.push_back(event.dump());
  }
  return lines;
}

inline std::vector<std::vector<float>> checkpoint_of(const std::string& run) {
  std::vector<std::vector<float>> result;
  for (const NamedTensor& item :
       read_safetensors(run + "/checkpoints/latest.safetensors").tensors) {
    result.push_back(item.tensor.to_vector<float>());
  }
  return result;
}

/// Checks that weights, moments, best model and metrics of two runs have the same bits.
inline void check_same(const std::string& a, const std::string& b) {
  CHECK(timeless_metrics(a) == timeless_metrics(b));
  CHECK(checkpoint_of(a) == checkpoint_of(b));
  const bool same_model = bytes_of(a + "/model.safetensors") == bytes_of(b + "/model.safetensors");
  CHECK(same_model);
}

}  // namespace elastic::train
