#include "train/saved_model.h"

#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/error.h"
#include "tiny_run.h"

using namespace elastic;
using namespace elastic::train;

namespace {

/// The error on reading a saved model after `change`, without the leading path.
std::string refusal(
    const std::function<void(std::vector<NamedTensor>& tensors,
                             std::map<std::string, std::string>& metadata)>& change) {
  const TemporaryFolder folder;
  const std::string path = folder.file("model.safetensors");
  save_model(path, *make_model(tiny_model_config("softmax"), 1), {});
  Safetensors file = read_safetensors(path);
  change(file.tensors, file.metadata);
  write_safetensors(path, file.tensors, file.metadata);
  try {
    read_model(path);
  } catch (const CheckpointError& error) {
    const std::string message = error.what();
    CHECK(message.starts_with(path + ": "));
    return message.substr(path.size() + 2);
  }
  return "";
}

std::string config_with(const std::string& text,
                        const std::string& key,
                        const nlohmann::json& value) {
  nlohmann::ordered_json config = nlohmann::ordered_json::parse(text);
  config[key] = value;
  return config.dump();
}

}  // namespace

TEST_CASE("saved model: weights, config and origin are restored") {
  const TemporaryFolder folder;
  const auto model = make_model(tiny_model_config("elastic"), 3);
  const SavedModelInfo info{
      ~std::uint64_t{0}, 7, "NDCG@10", 0.1, "hash", "bce", "exclude", "validation"};
  save_model(folder.file("model.safetensors"), *model, info);
  const SavedModel saved = read_model(folder.file("model.safetensors"));
  CHECK(saved.info.seed == info.seed);
  CHECK(saved.info.epoch == 7);
  CHECK(saved.info.metric_value == 0.1);
  CHECK(saved.info.loss == "bce");
  CHECK(saved.info.train_seen == "exclude");
  CHECK(saved.info.refit == "validation");
  CHECK(saved.model->config() == model->config());
  for (const Parameter& parameter : model->parameters().all()) {
    CHECK(saved.model->parameters().find(parameter.name).value().to_vector<float>() ==
          parameter.variable.value().to_vector<float>());
  }
  CHECK(load_saved_model(folder.path()).model->config() == model->config());
}

TEST_CASE("saved model: buffers are restored") {
  const TemporaryFolder folder;
  const auto model = make_model(tiny_model_config("routing"), 3);
  const Tensor start = clone(model->parameters().find("layers.1.attention.centroids").value());
  data::BatchBuilder builder;
  builder.add(std::vector<std::int32_t>{3, 1, 4, 1, 5}, 5);
  const NoGrad no_grad;
  model->encode(builder.build(Device::kCpu), {/*training=*/true, 1, 1});
  save_model(folder.file("model.safetensors"),
             *model,
             {1, 1, "NDCG@10", 0.1, "hash", "softmax", "keep", ""});
  const SavedModel saved = read_model(folder.file("model.safetensors"));
  const std::vector<float> moved =
      saved.model->parameters().find("layers.1.attention.centroids").value().to_vector<float>();
  CHECK(moved ==
        model->parameters().find("layers.1.attention.centroids").value().to_vector<float>());
  CHECK(moved != start.to_vector<float>());
}

TEST_CASE("saved model: missing or invalid parts are refused by name") {
  using Tensors = std::vector<NamedTensor>;
  using Metadata = std::map<std::string, std::string>;
  CHECK(refusal([](Tensors&, Metadata&) {}).empty());
  CHECK(refusal([](Tensors&, Metadata& metadata) { metadata.erase("format_version"); }) ==
        "no 'format_version' in the metadata");
  CHECK(refusal([](Tensors&, Metadata& metadata) {
          metadata["format_version"] = std::string("2");
        }) == "expected format version 1, got 2; use the version of elastic that wrote it");
  CHECK(refusal([](Tensors&, Metadata& metadata) { metadata["epoch"] = std::string("x"); }) ==
        "expected a number under 'epoch', got 'x'");
  CHECK(refusal([](Tensors&, Metadata& metadata) { metadata["config"] = std::string("[]"); }) ==
        "the model's config is not a JSON object");
  CHECK(refusal([](Tensors&, Metadata& metadata) {
          metadata["config"] = config_with(metadata["config"], "dim", "x");
        }) == "option 'dim' has a value of another type: \"x\"");
  CHECK(refusal([](Tensors&, Metadata& metadata) {
          metadata["config"] = config_with(metadata["config"], "query_norm", "centered");
        }) == "query_norm: expected layer or centred, got 'centered'; did you mean centred?");
  CHECK(refusal([](Tensors&, Metadata& metadata) {
          metadata["config"] = config_with(metadata["config"], "new_option", 1);
        }) ==
        "unknown option 'new_option' in the model's config; it was saved by another version of "
        "elastic");
  CHECK(refusal([](Tensors&, Metadata& metadata) {
          metadata["config"] = config_with(metadata["config"], "model", "nonesuch");
        }).starts_with("the model's config is unusable: "));
  CHECK(
      refusal([](Tensors& tensors, Metadata&) { tensors.pop_back(); }).starts_with("no tensor '"));
  CHECK(refusal([](Tensors& tensors, Metadata&) {
          tensors.push_back({"extra", Tensor::from<float>({1.0F}, {1})});
        }) == "tensor 'extra' is not part of the model");
  CHECK(refusal([](Tensors& tensors, Metadata&) {
          for (NamedTensor& item : tensors) {
            if (item.name == "item_embedding.weight") {
              item.tensor = item.tensor.slice(0, 12);
            }
          }
        }) == "tensor 'item_embedding.weight': expected float32 [13, 16], got float32 [12, 16]");
}

TEST_CASE(
    "saved model: sizes of the config that the file does not have are refused before drawing") {
  const auto refused = [](const char* option, std::int64_t value) {
    return refusal([&](std::vector<NamedTensor>&, std::map<std::string, std::string>& metadata) {
      metadata["config"] = config_with(metadata["config"], option, value);
    });
  };
  constexpr std::int64_t kHuge = std::int64_t{1} << 60;
  CHECK(refused("dim", kHuge) ==
        "the model's config is unusable: --dim: expected 1 to 65536, got 1152921504606846976");
  CHECK(refused("num_clusters", kHuge).starts_with("the model's config is unusable: --num-clus"));
  CHECK(refused("num_items", kHuge).starts_with("expected num_items of 1 to 2147483646 in"));
  CHECK(refused("num_items", 0).starts_with("expected num_items of 1 to 2147483646 in"));
  CHECK(refused("num_items", 2147483646) ==
        "tensor 'item_embedding.weight': expected float32 [2147483647, 16], got float32 [13, 16]");
  CHECK(refused("ffn_dim", 1048576).starts_with("tensor 'layers.0.ffn.up.weight': expected"));
  CHECK(refused("num_layers", 1024).starts_with("no tensor 'layers."));
}

TEST_CASE("saved model: a weight that is not finite is refused with its tensor and place") {
  const auto refused = [](float value) {
    return refusal([&](std::vector<NamedTensor>& tensors, std::map<std::string, std::string>&) {
      for (NamedTensor& item : tensors) {
        if (item.name == "item_embedding.weight") {
          std::vector<float> values = item.tensor.to_vector<float>();
          values[20] = value;
          item.tensor = Tensor::from(values, item.tensor.shape());
        }
      }
    });
  };
  CHECK(refused(0.5F).empty());
  CHECK(refused(std::numeric_limits<float>::infinity()) ==
        "tensor 'item_embedding.weight': expected finite numbers, got inf at element 20");
  CHECK(refused(std::numeric_limits<float>::quiet_NaN())
            .starts_with("tensor 'item_embedding.weight': expected finite numbers, got"));
}

TEST_CASE("saved model: the errors for a run without one and for another folder differ") {
  const TemporaryFolder folder;
  CHECK_THROWS_WITH_AS(
      load_saved_model(folder.file("no")),
      (folder.file("no") + ": expected a run directory, as `elastic train --out` makes").c_str(),
      CheckpointError);
  CHECK_THROWS_AS(load_saved_model(folder.path()), CheckpointError);
}
