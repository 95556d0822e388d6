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
  CHECK(refusal([](auto& c) { c.dim = 0; }) == "--dim: expected 1 to 65536, got 0");
  CHECK(refusal([](auto& c) { c.num_heads = 3; }) ==
        "--num-heads: expected a divisor of --dim 64, got 3");
  CHECK(refusal([](auto& c) { c.num_heads = 0; }) == "--num-heads: expected 1 to 1024, got 0");
  CHECK(refusal([](auto& c) { c.num_layers = 0; }) == "--num-layers: expected 1 to 1024, got 0");
  CHECK(refusal([](auto& c) { c.ffn_dim = -1; }) == "--ffn-dim: expected 1 to 1048576, got -1");
  CHECK(refusal([](auto& c) { c.max_len = 0; }) == "--max-len: expected 1 to 16777216, got 0");
  CHECK(refusal([](auto& c) { c.max_len = 16777217; }) ==
        "--max-len: expected 1 to 16777216, got 16777217");
  CHECK(refusal([](auto& c) { c.dropout = 1.0; }) ==
        "--dropout: expected 0 or more and less than 1, got 1");
  CHECK(refusal([](auto& c) { c.dropout = -0.5; }) ==
        "--dropout: expected 0 or more and less than 1, got -0.5");
  CHECK(refusal([](auto& c) { c.dropout = NAN; }).find("--dropout: expected") == 0);
  CHECK(refusal([](auto& c) { c.retrieval.heads = 0; }) ==
        "--retrieval-heads: expected 1 to 65536, got 0");
  CHECK(refusal([](auto& c) { c.retrieval.heads = 3; }) ==
        "--num-experts: expected a multiple of --retrieval-heads 3, got 8");
  CHECK(refusal([](auto& c) { c.num_experts = 0; }) == "--num-experts: expected 1 to 65536, got 0");
  CHECK(refusal([](auto& c) { c.retrieval.pool_subkeys = 2; }) ==
        "--pool-subkeys: expected a number whose square is at least --num-experts / "
        "--retrieval-heads, got 2");
  CHECK(refusal([](auto& c) {
          c.retrieval.pool_subkeys = 4097;
        }).find("--pool-subkeys: expected 1 to 4096") == 0);
  CHECK(refusal([](auto& c) { c.retrieval.key_dim = 3; }) ==
        "--key-dim: expected an even number, got 3");
  CHECK(refusal([](auto& c) { c.retrieval.query_stride = 1; }) ==
        "--query-stride: expected 2 to 65536, got 1");
  CHECK(refusal([](auto& c) { c.retrieval.query_attention_len = -1; }) ==
        "--query-attention-len: expected 0 to 16777216, got -1");
}

TEST_CASE("ModelConfig: every number has a range, and sizes beyond it are refused") {
  constexpr std::int64_t kHuge = std::int64_t{1} << 60;
  CHECK(refusal([](auto& c) { c.retrieval.query_stride = kHuge; }).find("--query-stride") == 0);
  CHECK(refusal([](auto& c) { c.num_clusters = kHuge; }).find("--num-clusters") == 0);
  CHECK(refusal([](auto& c) { c.lisa.codebook_size = kHuge; }).find("--codebook-size") == 0);
  CHECK(refusal([](auto& c) {
          c.num_experts = c.retrieval.heads = 4 * kHuge;
        }).find("--num-experts") == 0);
  ModelConfig config;
  visit_options(config, [&](const char* name, auto& field, const char*, const auto&... facts) {
    if constexpr (std::is_arithmetic_v<std::remove_reference_t<decltype(field)>>) {
      CAPTURE(name);
      CHECK((std::is_constructible_v<OptionRange, decltype(facts)> || ...));
    }
  });
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
