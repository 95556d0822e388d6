// Files from before an option existed are read with the value that trained them.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "run_bits.h"
#include "tensor/safetensors.h"
#include "tiny_run.h"
#include "train/config_json.h"

namespace elastic::train::former_options_test {
namespace {

const std::vector<std::string> kModelOptions{
    "logits", "logit_scale", "block", "ffn", "time_features", "memory_len", "expert_balance"};
const std::vector<std::string> kTrainOptions{"teacher",
                                             "teacher_weight",
                                             "teacher_temperature",
                                             "stop_metric",
                                             "eval_users",
                                             "shards",
                                             "item_vectors",
                                             "id_dropout"};

TEST_CASE("former options: a model without them scores by dot products, in plain blocks") {
  const ModelConfig config = tiny_model_config("softmax");
  auto json = nlohmann::ordered_json::parse(model_config_to_text(config));
  for (const std::string& option : kModelOptions) {
    REQUIRE(json.erase(option) == 1);
  }
  const ModelConfig read = model_config_from_text(json.dump(), "model");
  CHECK(read == config);
  CHECK(read.logits.kind == LogitKind::kDot);
  CHECK(read.block == BlockOptions{BlockKind::kPlain, FfnKind::kGelu});
}

TEST_CASE("former options: a run without them resumes to the same bits") {
  const TemporaryFolder folder;
  TinyRun whole;
  whole.config.epochs = 2;
  whole.train(folder.file("whole"));
  TinyRun part;
  part.config.epochs = 2;
  part.stop_after = 2;
  part.train(folder.file("run"));
  const std::string path = folder.file("run/checkpoints/latest.safetensors");
  Safetensors old = read_safetensors(path);
  auto config = nlohmann::ordered_json::parse(old.metadata["config"]);
  for (const auto& options : {kModelOptions, kTrainOptions}) {
    for (const std::string& option : options) {
      REQUIRE(config.erase(option) == 1);
    }
  }
  old.metadata["config"] = config.dump();
  write_safetensors(path, old.tensors, old.metadata);
  TinyRun cosine;
  cosine.config.epochs = 2;
  cosine.model_config.logits.kind = LogitKind::kCosine;
  CHECK_THROWS_WITH_AS(cosine.train(folder.file("run"), /*resume=*/true),
                       doctest::Contains("was started with logits = \"dot\""),
                       CheckpointError);
  part.stop_after = 0;
  part.train(folder.file("run"), /*resume=*/true);
  check_same(folder.file("run"), folder.file("whole"));
}

}  // namespace
}  // namespace elastic::train::former_options_test
