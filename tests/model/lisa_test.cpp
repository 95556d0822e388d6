// LISA's items and mixer, in all variants.
#include "model/abilities.h"
#include "model/fixed_weights.h"
#include "model/item_quantiser.h"
#include "model/model_fixture.h"
#include "tensor/kernels/elementwise.h"

namespace elastic {
namespace {

const ForwardMode kPlain{};

ModelConfig lisa_config(const std::string& variant) {
  ModelConfig config = small_config("lisa");
  config.lisa.variant = parse_choice<LisaVariant>(variant, "variant");
  config.lisa.codebook_temperature = 0.7;
  return config;
}

const std::vector<std::string> kVariants{"base", "soft", "mini"};

// A quantiser's items from the definition.
struct Quantised {
  std::vector<double> table;
  std::vector<std::vector<std::int32_t>> codes;  // by codebook
};
Quantised quantise(const std::vector<double>& items,
                   const std::vector<double>& codebooks,
                   const std::vector<double>& similarity,
                   std::size_t num_codebooks,
                   std::size_t dim,
                   double temperature,
                   bool soft) {
  const std::size_t words = codebooks.size() / num_codebooks / dim;
  Quantised result{std::vector<double>(items.size(), 0.0),
                   std::vector<std::vector<std::int32_t>>(num_codebooks)};
  for (std::size_t row = 0; row < items.size(); row += dim) {
    std::vector<double> rho(items.begin() + static_cast<std::ptrdiff_t>(row),
                            items.begin() + static_cast<std::ptrdiff_t>(row + dim));
    for (std::size_t c = 0; c < num_codebooks; ++c) {
      const double* book = codebooks.data() + c * words * dim;
      std::vector<double> weights(words, 0.0);
      for (std::size_t w = 0; w < words; ++w) {
        for (std::size_t i = 0; i < dim; ++i) {
          for (std::size_t j = 0; j < dim; ++j) {
            weights[w] += rho[i] * similarity[i * dim + j] * book[w * dim + j];
          }
        }
      }
      const auto best = std::max_element(weights.begin(), weights.end()) - weights.begin();
      result.codes[c].push_back(static_cast<std::int32_t>(best));
      double total = 0.0;
      for (double& weight : weights) {
        weight = std::exp(weight / temperature);
        total += weight;
      }
      for (std::size_t w = 0; w < words; ++w) {
        const double o =
            soft ? weights[w] / total : (w == static_cast<std::size_t>(best) ? 1.0 : 0.0);
        for (std::size_t j = 0; j < dim; ++j) {
          result.table[row + j] += o * book[w * dim + j];
          rho[j] -= o * book[w * dim + j];
        }
      }
    }
  }
  return result;
}

Quantised quantise_plainly(const Model& model, const std::string& prefix, bool soft) {
  const auto value = [&](const std::string& name) {
    return to_doubles(model.parameters().find(name).value());
  };
  const Shape shape = model.parameters().find(prefix + "codebooks").shape();
  return quantise(value("item_embedding.weight"),
                  value(prefix + "codebooks"),
                  value(prefix + "similarity"),
                  static_cast<std::size_t>(shape[0]),
                  static_cast<std::size_t>(shape[2]),
                  model.config().lisa.codebook_temperature,
                  soft);
}

// Weights far enough from zero for codes and probabilities to be spread.
void spread_weights(const Model& model) {
  for (const char* name : {"item_embedding.weight", "quantiser.codebooks"}) {
    Tensor& value = model.parameters().find(name).mutable_value();
    run(kernels::Scale{value, 50.0, value});
  }
}

TEST_CASE("lisa: items are sums of the codewords that the definition chooses") {
  const Threads one(1);
  for (const std::string& variant : kVariants) {
    for (const bool trains : {false, true}) {
      CAPTURE(variant);
      CAPTURE(trains);
      const ModelConfig config = lisa_config(variant);
      ParameterStore store(3, DType::kFloat64, test_device());
      const Variable table =
          Variable(random_tensor({config.num_items + 1, config.dim}, 1, DType::kFloat64), trains);
      const LisaItems items(store, config);
      Tensor& codebooks = store.find("quantiser.codebooks").mutable_value();
      run(kernels::Scale{codebooks, 50.0, codebooks});
      std::unique_ptr<NoGrad> no_grad;
      if (!trains) {
        no_grad = std::make_unique<NoGrad>();
      }
      const PassItems pass = items.make(table);
      const bool soft = variant == "soft";
      const Quantised want = quantise(to_doubles(table.value()),
                                      to_doubles(codebooks),
                                      to_doubles(store.find("quantiser.similarity").value()),
                                      2,
                                      8,
                                      config.lisa.codebook_temperature,
                                      soft);
      CHECK(relative_error(want.table, to_doubles(pass.input.value())) < tolerance::kEqual);
      for (std::int64_t c = 0; c < 2; ++c) {
        CHECK(pass.words.codes.codes.slice(c, c + 1).to_vector<std::int32_t>() ==
              want.codes[static_cast<std::size_t>(c)]);
      }
      CHECK(pass.words.codes.occupancy.defined() == soft);
      CHECK(pass.words.codes.probs.size() == (trains ? 2 : 0));
      CHECK(pass.words.codebooks.size() == 2);
      if (soft) {
        CHECK(same_bits(pass.scored.value(), table.value()));
      } else if (variant == "base") {
        CHECK(same_bits(pass.scored.value(), pass.input.value()));
      }
    }
  }
}

TEST_CASE("lisa mini: scored items have separate codebooks") {
  const NoGrad no_grad;
  const Threads one(1);
  const auto model = new_model(lisa_config("mini"), 1, DType::kFloat64);
  spread_weights(*model);
  const Pass pass = model->encode_last(batch_of(ragged_histories()), kPlain);
  const std::vector<double> scored = to_doubles(pass.scored_items.value());
  CHECK(same_bits(model->scored_items(), pass.scored_items.value()));
  CHECK(relative_error(quantise_plainly(*model, "quantiser.target_", false).table, scored) <
        tolerance::kEqual);
  CHECK(relative_error(quantise_plainly(*model, "quantiser.", false).table, scored) > 0.1);
  CHECK(model->parameters().find("quantiser.target_codebooks").shape() == Shape{2, 10, 8});
}

TEST_CASE("lisa: scored items do not affect states") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  const auto base = new_model(lisa_config("base"));
  const auto mini = new_model(lisa_config("mini"));
  CHECK(same_bits(base->encode(batch, kPlain).states.value(),
                  mini->encode(batch, kPlain).states.value()));
  const auto soft = new_model(lisa_config("soft"));
  CHECK_FALSE(same_bits(base->encode(batch, kPlain).states.value(),
                        soft->encode(batch, kPlain).states.value()));
}

TEST_CASE("lisa: every parameter receives a gradient in every variant") {
  const Threads one(1);
  const data::Batch batch = batch_of(ragged_histories());
  for (const std::string& variant : kVariants) {
    const auto model = new_model(lisa_config(variant));
    backward(training_loss(*model, batch, {true, 5, 3}));
    for (const Parameter& parameter : model->parameters().all()) {
      CAPTURE(variant);
      CAPTURE(parameter.name);
      CHECK(parameter.unread == (parameter.name.find("attention_norm") != std::string::npos));
      REQUIRE(parameter.variable.grad().defined() != parameter.unread);
      if (!parameter.unread) {
        const std::vector<double> grad = to_doubles(parameter.variable.grad());
        CHECK(std::all_of(grad.begin(), grad.end(), [](double g) { return std::isfinite(g); }));
        CHECK(std::any_of(grad.begin(), grad.end(), [](double g) { return g != 0.0; }));
      }
    }
    const Tensor no_item = model->item_table().grad().slice(0, 1);
    CHECK(to_doubles(no_item) == std::vector<double>(8, 0.0));
  }
}

// Codes do not change where a weight moves by 1e-5, so that the loss of `soft` is smooth; in the
// other variants only the part after the choice of codes is.
TEST_CASE("lisa: gradients of the loss match finite differences") {
  const Threads one(1);
  const data::Batch batch = batch_of({random_ids(9, 1, 40, 1), random_ids(1, 1, 40, 2)});
  for (const std::string& variant : kVariants) {
    for (const bool last_only : {false, true}) {
      const auto model = new_model(lisa_config(variant), 1, DType::kFloat64);
      spread_weights(*model);
      const auto loss = [&] {
        const Pass pass =
            last_only ? model->encode_last(batch, kPlain) : model->encode(batch, kPlain);
        const Tensor targets = int_tensor(random_ids(pass.states.shape()[0], 1, 40, 9));
        return ops::linear_cross_entropy(pass.states, pass.scored_items, targets);
      };
      backward(loss());
      const NoGrad no_grad;
      for (const Parameter& parameter : model->parameters().all()) {
        const bool behind_codes = parameter.name != "item_embedding.weight" &&
                                  parameter.name.find("quantiser.") == std::string::npos;
        if (parameter.unread || !(variant == "soft" || behind_codes)) {
          continue;
        }
        CAPTURE(variant);
        CAPTURE(parameter.name);
        const std::vector<double> grad = to_doubles(parameter.variable.grad());
        Tensor& value = parameter.variable.mutable_value();
        const std::vector<double> before = to_doubles(value);
        double largest = 0.0;
        for (const double g : grad) {
          largest = std::max(largest, std::abs(g));
        }
        for (std::size_t i = 0; i < grad.size(); i += 1 + grad.size() / 7) {
          CAPTURE(i);
          const auto loss_at = [&](double step) {
            std::vector<double> moved = before;
            moved[i] += step;
            value = tensor_of(moved, value.shape());
            return to_doubles(loss().value())[0];
          };
          const double difference = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
          CHECK(std::abs(difference - grad[i]) <= 1e-6 * largest + 1e-9);
        }
        value = tensor_of(before, value.shape());
      }
    }
  }
}

TEST_CASE("lisa: fixed weights are not differentiated") {
  const Threads one(1);
  const auto model = new_model(lisa_config("base"));
  const data::Batch batch = batch_of({{1, 2}});
  REQUIRE(model->weight_cache() != nullptr);
  model->weight_cache()->set_weights_fixed(true);
  CHECK(message_of([&] { model->encode(batch, kPlain); }).find("fixed weights") !=
        std::string::npos);
}

// Training goes on after an evaluation.
TEST_CASE("lisa: the cache of fixed weights ends with them") {
  const NoGrad no_grad;
  const Threads one(1);
  const data::Batch batch = batch_of({{1, 2, 3, 2}, {7}});
  for (const std::string& variant : kVariants) {
    CAPTURE(variant);
    const auto model = new_model(lisa_config(variant));
    const auto results = [&](Model& of) {
      const Pass pass = of.encode_last(batch, kPlain);
      return std::pair(to_doubles(pass.states.value()), to_doubles(pass.scored_items.value()));
    };
    const auto fresh_results = [&] {
      const auto fresh = new_model(lisa_config(variant));
      for (const Parameter& parameter : model->parameters().all()) {
        copy(parameter.variable.value(), fresh->parameters().find(parameter.name).mutable_value());
      }
      return results(*fresh);
    };
    const auto fixed_results = [&] {
      const FixedWeights fixed(*model);
      const auto first = results(*model);
      CHECK(results(*model) == first);
      return first;
    };
    CHECK(fixed_results() == fresh_results());
    for (const Parameter& parameter : model->parameters().all()) {  // a step of training
      Tensor& value = model->parameters().find(parameter.name).mutable_value();
      run(kernels::Scale{value, -1.5, value});
      CAPTURE(parameter.name);
      CHECK(results(*model) == fresh_results());
      CHECK(fixed_results() == fresh_results());
    }
    CHECK(results(*model) == fresh_results());
  }
}

TEST_CASE("lisa: activations grow linearly with the sequence") {
  const Threads one(1);
  CachingAllocator& allocator = test_backend().allocator();
  const auto peak = [&](std::int64_t tokens) {
    ModelConfig config = lisa_config("base");
    config.max_len = tokens;
    const auto model = new_model(config);
    const data::Batch batch = batch_of({random_ids(tokens, 1, 40, 1)});
    allocator.reset_peak();
    const std::size_t before = allocator.report().total_current;
    backward(training_loss(*model, batch, {true, 1, 1}));
    return static_cast<double>(allocator.report().total_peak - before);
  };
  const double per_token = (peak(2048) - peak(1024)) / 1024;
  CHECK((peak(4096) - peak(2048)) / 2048 == doctest::Approx(per_token).epsilon(0.1));
}

}  // namespace
}  // namespace elastic
