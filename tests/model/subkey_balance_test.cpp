// Balanced retrieval: biases that spread the choice of experts.
#include "model/subkey_balance.h"

#include <set>

#include "autograd/op_checks.h"
#include "model/interest_memory.h"
#include "model/model_fixture.h"

namespace elastic::subkey_balance_test {
namespace {

ModelConfig balanced_config(double step, const std::string& model = "elastic") {
  ModelConfig config = small_config(model);
  config.retrieval.balance = step;
  return config;
}

TEST_CASE(
    "sub-key balance: a sub-key above the mean of its half loses a step, one below gains it") {
  ParameterStore store(1, DType::kFloat64, test_device());
  RetrievalOptions options;
  options.heads = 2;
  options.pool_subkeys = 3;
  options.balance = 0.25;
  const SubkeyBalance balance(store, "bias", options);
  CHECK(to_doubles(balance.bias()) == std::vector<double>(12, 0.0));
  // Three sequences, a head's two experts each; expert a S + b uses the sub-keys a and b. The loads
  // of the halves are (5, 1, 0), (1, 3, 2) for head 0 and (4, 1, 1), (1, 2, 3) for head 1.
  balance.update(int_tensor({0, 4, 1, 2, 1, 2, 3, 8, 2, 1, 1, 2}).reshape({3, 4}));
  constexpr double kUp = 0.25;
  constexpr double kDown = -0.25;
  CHECK(to_doubles(balance.bias()) ==
        std::vector<double>{kDown, kUp, kUp, kUp, kDown, 0, kDown, kUp, kUp, kUp, 0, kDown});
  CHECK_FALSE(SubkeyBalance().bias().defined());
}

TEST_CASE("expert_balance: without a gradient, by training passes only, saved with the model") {
  const data::Batch batch = batch_of(ragged_histories());
  for (const char* name : {"elastic", "elastic-window"}) {
    CAPTURE(name);
    const auto model = new_model(balanced_config(0.5, name));
    const auto plain = new_model(small_config(name));
    const Variable& bias = model->parameters().find("imr.subkey_bias");
    const std::vector<double> none(12, 0.0);
    CHECK(same_bits(model->encode_last(batch, {}).states.value(),
                    plain->encode_last(batch, {}).states.value()));
    CHECK(to_doubles(bias.value()) == none);
    backward(training_loss(*model, batch, {true, 5, 3}));
    CHECK(to_doubles(bias.value()) != none);
    CHECK_FALSE(bias.grad().defined());
    CHECK_FALSE(same_numbers(model->encode_last(batch, {}).states.value(),
                             plain->encode_last(batch, {}).states.value()));
    for (const Parameter& parameter : model->parameters().trained()) {
      CHECK(parameter.name != "imr.subkey_bias");
    }
  }
}

// The number of experts that 64 nearly equal users retrieve in 400 training passes.
std::size_t experts_of_similar_users(double step) {
  ModelConfig config = balanced_config(step);
  config.retrieval.pool_subkeys = 16;
  const data::Batch batch = batch_of(std::vector<History>(64, History(3, 1)));
  std::vector<double> tokens = to_doubles(random_f64({batch.num_tokens(), config.dim}, 5));
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    tokens[i] = 0.02 * tokens[i] + static_cast<double>(i % 8) / 4.0 - 1.0;
  }
  const Variable x(Tensor::from(tokens, {batch.num_tokens(), config.dim}, test_device()));
  ParameterStore store(1, DType::kFloat64, test_device());
  const InterestMemory memory(store, config);
  const NoGrad no_grad;
  std::set<std::int32_t> used;
  for (int pass = 0; pass < 400; ++pass) {
    const InitialExperts latest = memory.initial_experts(x, batch.segments, batch.ids, true);
    const std::vector<std::int32_t> indices = latest.retrieved.indices.to_vector<std::int32_t>();
    used.insert(indices.begin(), indices.end());
  }
  return used.size();
}

TEST_CASE("expert_balance: nearly equal users share more of the pool") {
  CHECK(2 * experts_of_similar_users(0.0) < experts_of_similar_users(0.05));
}

}  // namespace
}  // namespace elastic::subkey_balance_test
