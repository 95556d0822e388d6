// elastic-window with memory_len: events before the latest max_len.
#include <numeric>

#include "autograd/op_checks.h"
#include "model/abilities.h"
#include "model/model_fixture.h"

namespace elastic::long_memory_test {
namespace {

// Windows of 7 among the latest 20 events, and 90 events read. Without positions, all weights have
// the shapes of the model whose layers read all 90.
ModelConfig long_config() {
  ModelConfig config = small_config("elastic-window");
  config.position = PositionEmbedding::kNone;
  config.max_len = 20;
  config.memory_len = 90;
  return config;
}

ModelConfig whole_config() {
  ModelConfig config = long_config();
  config.max_len = 90;
  config.memory_len = 0;
  return config;
}

void clear(const Model& model, const std::string& parameter) {
  Variable variable = model.parameters().find(parameter);
  fill(variable.mutable_value(), 0.0);
}

TEST_CASE("long memory: a single layer reads older events as any others of the prefix") {
  const NoGrad no_grad;
  const data::Batch batch = batch_of(ragged_histories());
  for (const ExpertGate gate : {ExpertGate::kSoftmax, ExpertGate::kValues}) {
    ModelConfig config = long_config();
    ModelConfig whole = whole_config();
    config.num_layers = whole.num_layers = 1;
    config.retrieval.gate = whole.retrieval.gate = gate;
    CHECK(same_numbers(new_model(config)->encode_last(batch, {}).states.value(),
                       new_model(whole)->encode_last(batch, {}).states.value()));
  }
}

TEST_CASE("long memory: in later layers, older events keep their embedding") {
  const NoGrad no_grad;
  const data::Batch batch = batch_of(ragged_histories());
  const auto model = new_model(long_config());
  const auto whole = new_model(whole_config());
  CHECK_FALSE(same_numbers(model->encode_last(batch, {}).states.value(),
                           whole->encode_last(batch, {}).states.value()));
  // With a first layer that changes no event of the prefix, all keep it.
  for (const Model* each : {model.get(), whole.get()}) {
    for (const std::string sublayer : {"dispatch.output", "ffn.down"}) {
      clear(*each, "layers.0." + sublayer + ".weight");
      clear(*each, "layers.0." + sublayer + ".bias");
    }
  }
  const Tensor states = model->encode_last(batch, {}).states.value();
  CHECK(relative_error(to_doubles(whole->encode_last(batch, {}).states.value()),
                       to_doubles(states)) < tolerance::kEqualFloat32);
}

TEST_CASE("long memory: histories of up to max_len events have the bits of the model without it") {
  const NoGrad no_grad;
  ModelConfig config = long_config();
  config.retrieval.query_network = QueryPooling::kMean;  // no levels, which depend on the length
  for (const PositionEmbedding position :
       {PositionEmbedding::kRecent, PositionEmbedding::kForward, PositionEmbedding::kNone}) {
    config.position = position;
    ModelConfig without = config;
    without.memory_len = 0;
    const data::Batch batch = batch_of({random_ids(20, 1, 40, 1), random_ids(3, 1, 40, 2)});
    CHECK(same_bits(new_model(config)->encode(batch, {}).states.value(),
                    new_model(without)->encode(batch, {}).states.value()));
  }
}

TEST_CASE("long memory: events before the latest max_len share a position") {
  const NoGrad no_grad;
  for (const PositionEmbedding position :
       {PositionEmbedding::kRecent, PositionEmbedding::kForward}) {
    ModelConfig config = long_config();
    config.position = position;
    config.retrieval.query_network = QueryPooling::kMean;
    const auto model = new_model(config);
    const History history = random_ids(60, 1, 40, 3);
    const auto last = [&](const History& events) {
      return to_doubles(model->encode_last(batch_of({events}), {}).states.value());
    };
    const auto swapped = [&](std::size_t a, std::size_t b) {
      History other = history;
      REQUIRE(other[a] != other[b]);
      std::swap(other[a], other[b]);
      return last(other);
    };
    const std::vector<double> states = last(history);
    CHECK(relative_error(states, swapped(2, 30)) < tolerance::kEqualFloat32);
    CHECK(relative_error(states, swapped(30, 45)) > 1e-4);
    CHECK(relative_error(states, swapped(45, 50)) > 1e-4);
  }
}

TEST_CASE("long memory: a sequence has the same numbers alone, and for its window alone") {
  const NoGrad no_grad;
  const Threads one(1);
  const std::vector<History> histories = ragged_histories();
  const data::Batch batch = batch_of(histories);
  ModelConfig config = long_config();
  config.position = PositionEmbedding::kRecent;
  const auto model = new_model(config);
  const std::vector<double> all = to_doubles(model->encode(batch, {}).states.value());
  REQUIRE(all.size() == static_cast<std::size_t>(batch.num_tokens() * config.dim));
  const Tensor last = model->encode_last(batch, {}).states.value();
  std::vector<double> window;
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const data::Batch alone = batch_of({histories[static_cast<std::size_t>(b)]});
    CHECK(same_numbers(model->encode_last(alone, {}).states.value(), last.slice(b, b + 1)));
    const std::int64_t begin =
        std::max<std::int64_t>(batch.segments.begin(b), batch.segments.end(b) - config.window);
    window.insert(window.end(),
                  all.begin() + begin * config.dim,
                  all.begin() + batch.segments.end(b) * config.dim);
  }
  CHECK(relative_error(
            window, to_doubles(model->window_targets()->encode_window(batch, {}).states.value())) <
        tolerance::kEqualFloat32);
}

TEST_CASE("long memory: gradients match finite differences") {
  ModelConfig config = long_config();
  config.position = PositionEmbedding::kRecent;
  config.max_len = 4;
  config.memory_len = 15;
  config.window = 2;
  config.retrieval.gate = ExpertGate::kValues;
  const data::Batch batch =
      batch_of({random_ids(15, 1, 40, 1), random_ids(1, 1, 40, 2), random_ids(5, 1, 40, 3)});
  const auto model = new_model(config, 1, DType::kFloat64);
  // A pass reads the rows of a table that are inputs of the check, in place of the item table.
  std::vector<std::int32_t> rows(static_cast<std::size_t>(batch.num_tokens()));
  std::iota(rows.begin(), rows.end(), 1);
  check_function(
      [&](const auto& in) {
        ForwardMode mode;
        mode.items = {in[0], int_tensor(rows)};
        return model->window_targets()->encode_window(batch, mode).states;
      },
      {random_f64({batch.num_tokens() + 1, config.dim}, 3)});
}

TEST_CASE("long memory: every parameter learns") {
  const data::Batch batch = batch_of(ragged_histories());
  ModelConfig config = long_config();
  config.position = PositionEmbedding::kRecent;
  const auto model = new_model(config);
  backward(training_loss(*model, batch, {true, 5, 3}));
  for (const Parameter& parameter : model->parameters().trained()) {
    CAPTURE(parameter.name);
    CHECK(parameter.variable.grad().defined());
  }
}

TEST_CASE("long memory: the explanation covers all events before the window") {
  const auto model = new_model(long_config());
  const ExpertAttention attention =
      model->explaining()->explain(batch_of({random_ids(60, 1, 40, 3)}));
  CHECK(attention.weights.front().size() == static_cast<std::size_t>(53 * 4));
}

TEST_CASE("long memory: a window is at most max_len events, and histories memory_len") {
  ModelConfig config = long_config();
  config.max_len = 5;
  CHECK(config.window_len() == 5);
  CHECK(config.history_len() == 90);
  const auto model = new_model(config);
  const data::Batch batch = batch_of({random_ids(60, 1, 40, 3)});
  CHECK(model->window_targets()->encode_window(batch, {}).states.value().rows() == 5);
  CHECK(message_of([&] {
          static_cast<void>(model->encode_last(batch_of({random_ids(91, 1, 40, 3)}), {}));
        }) == "model: sequence 0 has 91 events, expected 1 to memory_len 90");
}

TEST_CASE("long memory: other models ignore it") {
  ModelConfig config = small_config("elastic");
  config.memory_len = 200;
  const auto model = new_model(config);
  CHECK(model->config().history_len() == 90);
}

}  // namespace
}  // namespace elastic::long_memory_test
