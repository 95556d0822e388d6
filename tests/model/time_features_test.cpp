// Models that read the times of events.
#include "autograd/check_gradients.h"
#include "model/abilities.h"
#include "model/mean_model.h"
#include "model/model_fixture.h"

namespace elastic::time_features_test {
namespace {

using Times = std::vector<std::int64_t>;

ModelConfig timed_config(const std::string& name, TimeFeatures features) {
  ModelConfig config = small_config(name);
  config.time_features = features;
  config.dropout = 0.0;
  return config;
}

Times times_of(const History& history, std::int64_t step) {
  Times times;
  for (std::size_t i = 0; i < history.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    times.push_back(place * place * place * step);
  }
  return times;
}

// Events at growing gaps, `step` seconds at first; the asked event `ahead` seconds after the last.
data::Batch timed_batch(const std::vector<History>& histories,
                        std::int64_t step,
                        std::int64_t ahead,
                        std::int64_t max_len = 90) {
  data::BatchBuilder builder;
  for (const History& history : histories) {
    const Times times = times_of(history, step);
    builder.add(history, max_len, {times, {}, times.back() + ahead});
  }
  return builder.build(test_device());
}

std::vector<double> states_of(Model& model, const data::Batch& batch) {
  const NoGrad no_grad;
  return to_doubles(model.encode_last(batch, {}).states.value());
}

TEST_CASE("time features: without them a model does not look at times") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = new_model(timed_config(name, TimeFeatures::kNone));
    CHECK(states_of(*model, timed_batch(ragged_histories(), 60, 5)) ==
          states_of(*model, batch_of(ragged_histories())));
  }
}

TEST_CASE("time features: past reads the gaps between events, asked also the one to the target") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto past = new_model(timed_config(name, TimeFeatures::kPast));
    const auto asked = new_model(timed_config(name, TimeFeatures::kAsked));
    const auto histories = ragged_histories();
    for (const auto& model : {past.get(), asked.get()}) {
      CHECK(states_of(*model, timed_batch(histories, 60, 5)) !=
            states_of(*model, timed_batch(histories, 3, 5)));
    }
    CHECK(states_of(*past, timed_batch(histories, 60, 5)) ==
          states_of(*past, timed_batch(histories, 60, 50'000)));
    CHECK(states_of(*asked, timed_batch(histories, 60, 5)) !=
          states_of(*asked, timed_batch(histories, 60, 50'000)));
  }
}

TEST_CASE("time features: the state of a token depends on no later time in a causal model") {
  const NoGrad no_grad;
  const History history = random_ids(12, 1, 40, 3);
  const History start(history.begin(), history.begin() + 5);
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const auto model = new_model(timed_config(name, TimeFeatures::kPast));
    if (model->direction() != Direction::kCausal || name == "routing") {
      continue;
    }
    const Tensor whole = model->encode(timed_batch({history}, 60, 5), {}).states.value();
    const Tensor part = model->encode(timed_batch({start}, 60, 999), {}).states.value();
    CHECK(relative_error(to_doubles(whole.slice(0, 5)), to_doubles(part)) <
          tolerance::kEqualFloat32);
  }
}

TEST_CASE("time features: a batch without times is refused") {
  const auto past = new_model(timed_config("softmax", TimeFeatures::kPast));
  CHECK(message_of([&] {
          past->encode_last(batch_of({{1, 2}}), {});
        }) == "model: it reads the times of events, the batch has none");
  const auto asked = new_model(timed_config("softmax", TimeFeatures::kAsked));
  data::BatchBuilder builder;
  const Times times{5, 6};
  builder.add(History{1, 2}, 9, {times, {}, {}});
  CHECK(message_of([&] { asked->encode_last(builder.build(test_device()), {}); }) ==
        "model: it reads the time of the event to predict, the batch has none");
}

TEST_CASE("time features: gradients of the tables match finite differences") {
  const auto model =
      new_model(timed_config("elastic-window", TimeFeatures::kAsked), 1, DType::kFloat64);
  const data::Batch batch = timed_batch({random_ids(9, 1, 40, 1), random_ids(12, 1, 40, 2)}, 7, 90);
  for (const char* name : {"gap_embedding.weight", "next_gap_embedding.weight"}) {
    CAPTURE(name);
    const Variable table = model->parameters().find(name);
    backward(training_loss(*model, batch, {}));
    const std::vector<double> grad = to_doubles(table.grad());
    std::vector<double> values = to_doubles(table.value());
    const auto loss_at = [&](std::size_t i, double value) {
      const NoGrad no_grad;
      std::vector<double> changed = values;
      changed[i] = value;
      copy(Tensor::from(changed, table.shape(), test_device()), table.mutable_value());
      return to_doubles(training_loss(*model, batch, {}).value())[0];
    };
    std::vector<double> differences(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      constexpr double kStep = 1e-5;
      differences[i] =
          (loss_at(i, values[i] + kStep) - loss_at(i, values[i] - kStep)) / (2.0 * kStep);
    }
    (void)loss_at(0, values[0]);
    CHECK(relative_error(differences, grad) < 1e-6);
    for (const Parameter& parameter : model->parameters().all()) {
      parameter.variable.clear_grad();
    }
  }
}

TEST_CASE("time features: a stream, event by event, gives the states of the whole history") {
  const NoGrad no_grad;
  const History history = random_ids(40, 1, 40, 5);
  const Times times = times_of(history, 11);
  for (const char* name : {"elastic-causal", "fuxi-linear", "gsa"}) {
    CAPTURE(name);
    ModelConfig config = timed_config(name, TimeFeatures::kPast);
    config.position = PositionEmbedding::kNone;
    const auto model = new_model(config);
    const Tensor whole = model->encode(timed_batch({history}, 11, 1), {}).states.value();
    StreamStates states = model->streaming()->new_streams(1);
    for (std::size_t t = 0; t < history.size(); ++t) {
      data::BatchBuilder builder;
      const Times now{times[t]};
      const auto before = t > 0 ? std::optional(times[t - 1]) : std::nullopt;
      builder.add(History{history[t]}, 1, {now, before, {}});
      const Tensor state =
          model->streaming()->advance(builder.build(test_device()), states).value();
      const auto row = static_cast<std::int64_t>(t);
      CHECK(relative_error(to_doubles(whole.slice(row, row + 1)), to_doubles(state)) <
            tolerance::kEqualFloat32);
    }
  }
}

TEST_CASE("time features: fuxi-linear counts times from any second, and refuses odd periods") {
  const History history = random_ids(40, 1, 40, 5);
  const auto states_from = [&](Model& model, std::int64_t begin) {
    Times times = times_of(history, 11);
    for (std::int64_t& time : times) {
      time += begin;
    }
    data::BatchBuilder builder;
    builder.add(history, 90, {times, {}, times.back() + 5});
    return states_of(model, builder.build(test_device()));
  };
  for (const TimeFeatures features : {TimeFeatures::kPast, TimeFeatures::kAsked}) {
    const auto model = new_model(timed_config("fuxi-linear", features));
    const std::vector<double> early = states_from(*model, 0);
    CHECK(relative_error(early, states_from(*model, 1'577'836'807)) < tolerance::kEqualFloat32);
    CHECK(relative_error(early, states_from(*model, -12'345)) < tolerance::kEqualFloat32);
  }
  ModelConfig config = timed_config("fuxi-linear", TimeFeatures::kPast);
  config.time_periods = 3;
  CHECK(message_of([&] { new_model(config); }) ==
        "--time-periods: expected a divisor of half of --dim 8, got 3");
  config.time_features = TimeFeatures::kNone;
  CHECK(message_of([&] { new_model(config); }).empty());
}

TEST_CASE("time features: a stream does not know the time of the next event") {
  ModelConfig config = timed_config("gsa", TimeFeatures::kAsked);
  config.position = PositionEmbedding::kNone;
  const auto model = new_model(config);
  CHECK(message_of([&] {
          (void)model->streaming()->new_streams(1);
        }).find("expected a model trained with --time-features past or none") != std::string::npos);
}

TEST_CASE("time features: in a mean of models each member reads its own") {
  ModelConfig shorter = timed_config("softmax", TimeFeatures::kPast);
  shorter.max_len = 5;
  const ModelConfig untimed = timed_config("gru", TimeFeatures::kNone);
  std::vector<std::unique_ptr<Model>> members;
  members.push_back(new_model(untimed));
  members.push_back(new_model(shorter));
  MeanModel mean(std::move(members));
  CHECK(mean.config().time_features == TimeFeatures::kPast);
  const auto alone = new_model(shorter);
  const std::vector<History> histories{random_ids(9, 1, 40, 1), random_ids(3, 1, 40, 2)};
  const std::vector<double> own = states_of(*alone, timed_batch(histories, 60, 5, 5));
  const std::vector<double> joined = states_of(mean, timed_batch(histories, 60, 5));
  for (std::size_t row = 0; row < histories.size(); ++row) {
    for (std::size_t d = 0; d < 8; ++d) {
      CHECK(joined[16 * row + 8 + d] == doctest::Approx(own[8 * row + d] / 2.0));
    }
  }
}

}  // namespace
}  // namespace elastic::time_features_test
