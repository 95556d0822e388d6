// ELASTIC without some parts: the effects of each option.
#include <set>

#include "autograd/op_checks.h"
#include "autograd/ops/elementwise.h"
#include "model/dispatcher_mixer.h"
#include "model/interest_memory.h"
#include "model/model_fixture.h"

namespace elastic::ablations_test {
namespace {

struct Ablation {
  std::string name;
  std::function<void(ModelConfig&)> change;
};

const std::vector<Ablation> kAblations{
    {"retrieval random", [](ModelConfig& c) { c.retrieval.experts = ExpertChoice::kRandom; }},
    {"expert_gate none", [](ModelConfig& c) { c.retrieval.gate = ExpertGate::kNone; }},
    {"expert_gate values", [](ModelConfig& c) { c.retrieval.gate = ExpertGate::kValues; }},
    {"expert_start retrieved", [](ModelConfig& c) { c.retrieval.start = ExpertStart::kRetrieved; }},
    {"query_network mean", [](ModelConfig& c) { c.retrieval.query_network = QueryPooling::kMean; }},
    {"all of the query side", [](ModelConfig& c) {
       c.retrieval.query_network = QueryPooling::kMean;
       c.retrieval.gate = ExpertGate::kNone;
       c.retrieval.start = ExpertStart::kRetrieved;
     }}};

// Models that retrieve experts.
const std::vector<std::string> kModels{"elastic", "elastic-window"};

ModelConfig config_of(const Ablation& ablation, const std::string& model = "elastic") {
  ModelConfig config = small_config(model);
  ablation.change(config);
  return config;
}

std::vector<std::pair<std::string, Ablation>> all_pairs() {
  std::vector<std::pair<std::string, Ablation>> pairs;
  for (const std::string& model : kModels) {
    for (const Ablation& ablation : kAblations) {
      pairs.emplace_back(model, ablation);
    }
  }
  return pairs;
}

bool has_parameter(const Model& model, const std::string& part) {
  const std::vector<Parameter>& all = model.parameters().all();
  return std::any_of(all.begin(), all.end(), [&](const Parameter& parameter) {
    return parameter.name.find(part) != std::string::npos;
  });
}

bool has_gradient(const Variable& variable) {
  if (!variable.grad().defined()) {
    return false;
  }
  const std::vector<double> values = to_doubles(variable.grad());
  return std::any_of(values.begin(), values.end(), [](double g) { return g != 0.0; });
}

// An InterestMemory with its parameters and its result for a batch of random tokens.
struct Retrieval {
  ParameterStore store;
  InterestMemory memory;
  InitialExperts initial;

  Retrieval(const ModelConfig& config, const data::Batch& batch)
      : store(1, DType::kFloat64, test_device()),
        memory(store, config),
        initial(memory.initial_experts(
            Variable(random_f64({batch.num_tokens(), config.dim}, 7), /*requires_grad=*/true),
            batch.segments,
            batch.ids,
            /*training=*/false)) {}
  [[nodiscard]] std::vector<std::int32_t> indices() const {
    return initial.retrieved.indices.to_vector<std::int32_t>();
  }
};

TEST_CASE("ablations: a sequence has the same bits alone and among others, again and again") {
  const NoGrad no_grad;
  const Threads one(1);
  const std::vector<History> histories = ragged_histories();
  const data::Batch batch = batch_of(histories);
  for (const auto& [name, ablation] : all_pairs()) {
    CAPTURE(name);
    CAPTURE(ablation.name);
    const auto model = new_model(config_of(ablation, name));
    const Tensor last = model->encode_last(batch, {}).states.value();
    CHECK(same_bits(model->encode_last(batch, {}).states.value(), last));
    CHECK(same_numbers(
        ops::gather_rows(model->encode(batch, {}).states, batch.segments.last_tokens()).value(),
        last));
    for (std::int64_t b = 0; b < batch.size(); ++b) {
      const data::Batch alone = batch_of({histories[static_cast<std::size_t>(b)]});
      CHECK(same_numbers(model->encode_last(alone, {}).states.value(), last.slice(b, b + 1)));
    }
  }
}

TEST_CASE("ablations: each changes the result") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const auto& [name, ablation] : all_pairs()) {
    CAPTURE(name);
    CAPTURE(ablation.name);
    const Tensor whole = new_model(small_config(name))->encode_last(batch, {}).states.value();
    CHECK_FALSE(same_numbers(
        new_model(config_of(ablation, name))->encode_last(batch, {}).states.value(), whole));
  }
}

TEST_CASE("ablations: the parameters that are used exist, and no others") {
  const auto model_with = [](const std::function<void(ModelConfig&)>& change) {
    ModelConfig config = small_config("elastic");
    change(config);
    return new_model(config);
  };
  const auto random =
      model_with([](ModelConfig& c) { c.retrieval.experts = ExpertChoice::kRandom; });
  CHECK_FALSE(has_parameter(*random, "imr.query"));
  CHECK_FALSE(has_parameter(*random, "imr.subkeys"));
  CHECK(has_parameter(*random, "imr.memory"));
  const auto mean =
      model_with([](ModelConfig& c) { c.retrieval.query_network = QueryPooling::kMean; });
  CHECK_FALSE(has_parameter(*mean, "imr.query.levels"));
  CHECK(has_parameter(*mean, "imr.query.project"));
  const auto whole = model_with([](ModelConfig&) {});
  const auto ungated = model_with([](ModelConfig& c) { c.retrieval.gate = ExpertGate::kNone; });
  const auto restarted =
      model_with([](ModelConfig& c) { c.retrieval.start = ExpertStart::kRetrieved; });
  CHECK(ungated->parameters().num_elements() == whole->parameters().num_elements());
  CHECK(restarted->parameters().num_elements() == whole->parameters().num_elements());
}

TEST_CASE("ablations: every parameter learns, except what an absent gate cuts off") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const auto& [name, ablation] : all_pairs()) {
    const ModelConfig config = config_of(ablation, name);
    const auto model = new_model(config);
    backward(training_loss(*model, batch, {true, 5, 3}));
    for (const Parameter& parameter : model->parameters().all()) {
      CAPTURE(name);
      CAPTURE(ablation.name);
      CAPTURE(parameter.name);
      const bool cut_off =
          config.retrieval.gate == ExpertGate::kNone &&
          (parameter.name.find("imr.query") == 0 || parameter.name.find("imr.subkeys") == 0);
      CHECK(has_gradient(parameter.variable) == !cut_off);
    }
  }
}

TEST_CASE("ablations: gradients match finite differences") {
  const Threads one(1);
  for (const Ablation& ablation : kAblations) {
    CAPTURE(ablation.name);
    ModelConfig config = config_of(ablation);
    const data::Batch batch = batch_of({random_ids(5, 1, 40, 1), random_ids(1, 1, 40, 2)});
    ParameterStore store(1, DType::kFloat64, test_device());
    InterestMemory memory(store, config);
    const DispatcherMixer first(store, "layers.0", config);
    const DispatcherMixer second(store, "layers.1", config);
    check_function(
        [&](const auto& in) {
          const InitialExperts initial =
              memory.initial_experts(in[0], batch.segments, batch.ids, false);
          MixerState state{.segments = batch.segments, .experts = {initial.experts, initial.gates}};
          const Queries all = Queries::all(batch.segments);
          return second.mix(first.mix(in[0], state, all, {}), state, all, {});
        },
        {random_f64({6, config.dim}, 3)});
  }
}

TEST_CASE("retrieval random: distinct experts of the pool per head, without a gate") {
  ModelConfig config = small_config("elastic");
  config.retrieval.experts = ExpertChoice::kRandom;
  config.num_experts = 12;
  config.retrieval.pool_subkeys = 3;  // 6 of 9 for each of two heads
  const data::Batch batch = batch_of(ragged_histories());
  const Retrieval retrieval(config, batch);
  const std::vector<std::int32_t> indices = retrieval.indices();
  REQUIRE(indices.size() == static_cast<std::size_t>(batch.size() * 12));
  for (std::size_t head = 0; head < indices.size(); head += 6) {
    const std::set<std::int32_t> chosen(indices.begin() + static_cast<std::ptrdiff_t>(head),
                                        indices.begin() + static_cast<std::ptrdiff_t>(head + 6));
    CHECK(chosen.size() == 6);
    CHECK(*chosen.begin() >= 0);
    CHECK(*chosen.rbegin() < 9);
  }
  const Tensor rows =
      ops::gather_rows(retrieval.store.find("imr.memory"), int_tensor(indices)).value();
  CHECK(to_doubles(retrieval.initial.experts.value()) == to_doubles(rows));
  CHECK(to_doubles(retrieval.initial.retrieved.gates) == std::vector<double>(indices.size(), 1.0));
}

TEST_CASE("retrieval random: depends on the sequence's items only, and covers the pool") {
  ModelConfig config = small_config("elastic");
  config.retrieval.experts = ExpertChoice::kRandom;
  config.retrieval.pool_subkeys = 16;
  std::vector<History> histories;
  for (std::uint64_t i = 0; i < 500; ++i) {
    histories.push_back(random_ids(5, 1, 40, i));
  }
  const Retrieval all(config, batch_of(histories));
  const Retrieval one(config, batch_of({histories[17]}));
  const std::vector<std::int32_t> indices = all.indices();
  CHECK(one.indices() ==
        std::vector<std::int32_t>(indices.begin() + 17 * 4, indices.begin() + 18 * 4));
  History reversed(histories[17].rbegin(), histories[17].rend());
  CHECK(Retrieval(config, batch_of({reversed})).indices() != one.indices());
  // 2000 draws from 256: some expert is never drawn with probability 256 exp(-7.8), and none is
  // drawn 30 times.
  std::vector<int> counts(256);
  for (const std::int32_t index : indices) {
    ++counts[static_cast<std::size_t>(index)];
  }
  CHECK(std::count(counts.begin(), counts.end(), 0) <= 3);
  CHECK(*std::max_element(counts.begin(), counts.end()) < 30);
}

TEST_CASE("expert_gate none: the same experts as with the gate, without its factor") {
  const data::Batch batch = batch_of(ragged_histories());
  ModelConfig config = small_config("elastic");
  const Retrieval gated(config, batch);
  config.retrieval.gate = ExpertGate::kNone;
  const Retrieval ungated(config, batch);
  CHECK(ungated.indices() == gated.indices());
  const Tensor rows =
      ops::gather_rows(ungated.store.find("imr.memory"), int_tensor(gated.indices())).value();
  CHECK(to_doubles(ungated.initial.experts.value()) == to_doubles(rows));
}

TEST_CASE("expert_gate values: the factor of the gate is beside the experts") {
  const data::Batch batch = batch_of(ragged_histories());
  ModelConfig config = small_config("elastic");
  const Retrieval gated(config, batch);
  config.retrieval.gate = ExpertGate::kValues;
  const Retrieval beside(config, batch);
  CHECK(beside.indices() == gated.indices());
  CHECK(same_bits(beside.initial.retrieved.gates, gated.initial.retrieved.gates));
  const Variable product = ops::multiply(beside.initial.experts, beside.initial.gates);
  CHECK(relative_error(to_doubles(gated.initial.experts.value()), to_doubles(product.value())) <
        tolerance::kByHand);
}

TEST_CASE("expert_gate values: an expert whose gate is 0 adds nothing to a token") {
  const NoGrad no_grad;
  ModelConfig config = small_config("elastic");
  for (const std::int64_t num_experts : {2, 12}) {  // absorbed projections, and plain ones
    config.num_experts = num_experts;
    ParameterStore store(1, DType::kFloat64, test_device());
    const DispatcherMixer mixer(store, "layers.0", config);
    const Segments segments = segments_of({3});
    const Variable x(random_f64({3, config.dim}, 1));
    const Variable experts(random_f64({1, num_experts, config.dim}, 2));
    const Variable none(zeros(experts.shape(), DType::kFloat64, test_device()));
    const auto mixed = [&](const Variable& gates) {
      return to_doubles(mixer.dispatch(x, experts, gates, segments, {}).value());
    };
    CHECK(relative_error(to_doubles(x.value()), mixed(none)) < tolerance::kByHand);
    Variable ones(zeros(experts.shape(), DType::kFloat64, test_device()));
    fill(ones.mutable_value(), 1.0);
    CHECK(relative_error(mixed(Variable()), mixed(ones)) < tolerance::kByHand);
    CHECK(relative_error(mixed(Variable()), mixed(none)) > 1e-3);
  }
}

TEST_CASE("expert_start retrieved: every layer starts from the retrieved experts") {
  const NoGrad no_grad;
  ModelConfig config = small_config("elastic");
  config.retrieval.start = ExpertStart::kRetrieved;
  ParameterStore store(1, DType::kFloat64, test_device());
  const DispatcherMixer first(store, "layers.0", config);
  const DispatcherMixer second(store, "layers.1", config);
  const Segments segments = segments_of({3, 70});
  const Variable x(random_f64({73, config.dim}, 1));
  const Variable experts(random_f64({2, config.num_experts, config.dim}, 2));
  const Queries all = Queries::all(segments);
  MixerState state{.segments = segments, .experts = {experts}};
  const Variable between = first.mix(x, state, all, {});
  CHECK(same_bits(state.experts.experts.value(), experts.value()));
  MixerState fresh{.segments = segments, .experts = {experts}};
  CHECK(same_bits(second.mix(between, state, all, {}).value(),
                  second.mix(between, fresh, all, {}).value()));
}

TEST_CASE("expert_start: makes no difference to a single layer") {
  const NoGrad no_grad;
  const data::Batch batch = batch_of(ragged_histories());
  ModelConfig config = small_config("elastic");
  config.num_layers = 1;
  const Tensor carried = new_model(config)->encode_last(batch, {}).states.value();
  config.retrieval.start = ExpertStart::kRetrieved;
  CHECK(same_bits(new_model(config)->encode_last(batch, {}).states.value(), carried));
}

}  // namespace
}  // namespace elastic::ablations_test
