#include "model/model_config.h"

#include "tensor/tensor_values.h"

namespace elastic {
namespace {

// The message for a default config with one field changed.
std::string refusal(const std::function<void(ModelConfig&)>& change) {
  ModelConfig config;
  change(config);
  return message_of([&] { check(config); });
}

TEST_CASE("ModelConfig: the defaults pass") {
  CHECK_NOTHROW(check(ModelConfig{}));
}

TEST_CASE("ModelConfig: an option out of range is a UsageError") {
  ModelConfig config;
  config.dim = 0;
  CHECK_THROWS_AS(check(config), UsageError);
}

TEST_CASE("ModelConfig: each refusal names option, range and value") {
  CHECK(refusal([](auto& c) { c.dim = 0; }) == "--dim: expected at least 1, got 0");
  CHECK(refusal([](auto& c) { c.num_heads = 3; }) ==
        "--num-heads: expected a divisor of --dim 64, got 3");
  CHECK(refusal([](auto& c) { c.num_heads = 0; }) ==
        "--num-heads: expected a divisor of --dim 64, got 0");
  CHECK(refusal([](auto& c) { c.num_layers = 0; }) == "--num-layers: expected at least 1, got 0");
  CHECK(refusal([](auto& c) { c.ffn_dim = -1; }) == "--ffn-dim: expected at least 1, got -1");
  CHECK(refusal([](auto& c) { c.max_len = 0; }) == "--max-len: expected 1 to 16777216, got 0");
  CHECK(refusal([](auto& c) { c.max_len = 16777217; }) ==
        "--max-len: expected 1 to 16777216, got 16777217");
  CHECK(refusal([](auto& c) { c.dropout = 1.0; }) ==
        "--dropout: expected 0 or more and less than 1, got 1");
  CHECK(refusal([](auto& c) { c.dropout = -0.5; }) ==
        "--dropout: expected 0 or more and less than 1, got -0.5");
  CHECK(refusal([](auto& c) { c.dropout = NAN; }).find("--dropout: expected") == 0);
  CHECK(refusal([](auto& c) { c.retrieval.heads = 0; }) ==
        "--retrieval-heads: expected at least 1, got 0");
  CHECK(refusal([](auto& c) { c.retrieval.heads = 3; }) ==
        "--num-experts: expected a multiple of --retrieval-heads 3, got 8");
  CHECK(refusal([](auto& c) { c.num_experts = 0; }) ==
        "--num-experts: expected a multiple of --retrieval-heads 1, got 0");
  CHECK(refusal([](auto& c) { c.retrieval.pool_subkeys = 2; }) ==
        "--pool-subkeys: expected 1 to 4096, its square at least --num-experts / "
        "--retrieval-heads, got 2");
  CHECK(refusal([](auto& c) {
          c.retrieval.pool_subkeys = 4097;
        }).find("--pool-subkeys: expected 1 to 4096") == 0);
  CHECK(refusal([](auto& c) { c.retrieval.key_dim = 3; }) ==
        "--key-dim: expected an even number, at least 2, got 3");
  CHECK(refusal([](auto& c) { c.retrieval.query_stride = 1; }) ==
        "--query-stride: expected at least 2, got 1");
  CHECK(refusal([](auto& c) { c.retrieval.query_attention_len = -1; }) ==
        "--query-attention-len: expected 0 or more, got -1");
}

TEST_CASE("ModelConfig: values at the edge pass") {
  CHECK(refusal([](auto& c) {
          c.dim = c.num_heads = c.num_layers = c.ffn_dim = c.max_len = 1;
          c.num_experts = c.retrieval.pool_subkeys = 1;
          c.retrieval.key_dim = c.retrieval.query_stride = 2;
          c.retrieval.query_attention_len = 0;
          c.dropout = 0.0;
        }) == "");
  CHECK(refusal([](auto& c) { c.retrieval.pool_subkeys = 3; }) == "");
}

TEST_CASE("ModelConfig: every option is visited with a name and a meaning") {
  ModelConfig config;
  std::vector<std::string> names;
  visit_options(config, [&](const char* name, const auto&, const char* help, const auto&...) {
    names.emplace_back(name);
    CHECK(std::string(help).size() > 5);
  });
  CHECK(names.front() == "model");
  std::sort(names.begin(), names.end());
  CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
  CHECK(names.size() >= 14);
}

}  // namespace
}  // namespace elastic
