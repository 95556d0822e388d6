// The options of each model, checked against its weights and results.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "model/model_fixture.h"

using namespace elastic;

namespace {

void change(const std::string& name, std::int64_t& value) {
  value = name == "num_clusters" ? 5 : name == "query_attention_len" ? 3 * value : 2 * value;
}
void change(const std::string&, double& value) {
  value *= 2.0;
}
// Another choice than the default, which is the first; no model is without an option's last one.
template <NamedChoice E>
void change(const std::string& name, E& value) {
  value = parse_choice<E>(name == "lisa_variant" ? "soft" : choice_names<E>().back().name, name);
}
void change(const std::string&, std::string& /*value*/) {}

ModelConfig changed(const ModelConfig& config, const std::string& option) {
  ModelConfig result = config;
  visit_options(result, [&](const char* name, auto& field, const auto&...) {
    if (name == option) {
      change(name, field);
    }
  });
  return result;
}

// Weights, names and a batch's states.
struct Facts {
  std::vector<std::string> names;
  std::vector<std::vector<double>> numbers;
  bool operator==(const Facts&) const = default;
};

Facts facts_of(const ModelConfig& config) {
  const auto model = new_model(config);
  Facts facts;
  for (const Parameter& parameter : model->parameters().all()) {
    facts.names.push_back(parameter.name);
    facts.numbers.push_back(to_doubles(parameter.variable.value()));
  }
  History history(80);
  for (std::size_t i = 0; i < history.size(); ++i) {
    history[i] = static_cast<std::int32_t>(1 + i * i % 40);
  }
  std::vector<std::int64_t> times(history.size());
  for (std::size_t i = 0; i < times.size(); ++i) {
    times[i] = static_cast<std::int64_t>(1000 * i * i);
  }
  data::BatchBuilder builder;
  builder.add(history, 80, {times, {}, {}});
  facts.numbers.push_back(
      to_doubles(model->encode(builder.build(test_device()), {}).states.value()));
  return facts;
}

std::vector<std::string> options_of_some_models() {
  std::vector<std::string> options;
  ModelConfig config;
  visit_options(config, [&](const char* name, const auto&...) {
    if (!models_with_option(name).empty()) {
      options.emplace_back(name);
    }
  });
  return options;
}

}  // namespace

TEST_CASE("model options: a plan has the names and shapes of the model") {
  for (const std::string& name : model_names()) {
    CAPTURE(name);
    const ModelConfig config = small_config(name);
    const ParameterStore plan = plan_parameters(config);
    const auto model = make_model(config, 1);
    REQUIRE(plan.all().size() == model->parameters().all().size());
    for (std::size_t i = 0; i < plan.all().size(); ++i) {
      const Parameter& made = model->parameters().all()[i];
      CHECK(plan.all()[i].name == made.name);
      CHECK(plan.all()[i].shape == made.variable.shape());
      CHECK_FALSE(plan.all()[i].variable.value().defined());
    }
  }
}

TEST_CASE("model options: a model larger than the memory is refused before it is drawn") {
  ModelConfig config = small_config("lisa");
  config.dim = 65536;
  config.ffn_dim = 1048576;
  config.num_layers = 1024;
  config.lisa.num_codebooks = 1024;
  CHECK_THROWS_WITH_AS(make_model(config, 1),
                       doctest::Contains("out of memory: the parameters of the model take"),
                       OutOfMemoryError);
}

TEST_CASE("model options: an option changes exactly the models that read it") {
  const std::vector<std::string> options = options_of_some_models();
  CHECK(options.size() == 27);
  for (const std::string& name : model_names()) {
    ModelConfig config = small_config(name);
    config.memory_len = config.max_len + 10;
    if (name == "elastic-causal") {
      config.retrieval.memory = EventMemory::kPerToken;  // has product keys then
    } else if (name == "lisa") {
      config.lisa.variant = LisaVariant::kMini;  // has codebooks of the scored items then
    } else if (name == "fuxi-linear") {
      config.time_features = TimeFeatures::kPast;  // has periods then
    }
    const Facts facts = facts_of(config);
    for (const std::string& option : options) {
      const std::vector<std::string> having = models_with_option(option);
      const bool has = std::find(having.begin(), having.end(), name) != having.end();
      CAPTURE(name);
      CAPTURE(option);
      if (option == "codebook_temperature" || option == "expert_balance" ||
          (has && option == "memory")) {
        continue;  // the first two are of training only, the last is changed already
      }
      CHECK((facts_of(changed(config, option)) == facts) == !has);
    }
  }
}
