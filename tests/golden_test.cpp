// Compares every model with the outputs and gradients of an independent implementation: each file
// of tests/golden, or of the folder in ELASTIC_GOLDEN_DIR, in float32 and float64, on the device in
// ELASTIC_TEST_DEVICE.
//
// Prints a line per file: NAME MODEL ok|FAILED|skipped worst-error. Fails if a comparison fails,
// nothing was compared, or a registered model was skipped. Exit code 77: the device is missing.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/ops/linear_cross_entropy.h"
#include "autograd/ops/rows.h"
#include "base/error.h"
#include "base/text_field.h"
#include "model/abilities.h"
#include "model/registry.h"
#include "tensor/safetensors.h"
#include "test_device.h"

namespace {

using namespace elastic;

constexpr double kAbsoluteFloor = 1e-9;

std::vector<double> to_doubles(const Tensor& tensor) {
  switch (tensor.dtype()) {
    case DType::kFloat64:
      return tensor.to_vector<double>();
    case DType::kFloat32: {
      const std::vector<float> values = tensor.to_vector<float>();
      return {values.begin(), values.end()};
    }
    case DType::kInt32: {
      const std::vector<std::int32_t> values = tensor.to_vector<std::int32_t>();
      return {values.begin(), values.end()};
    }
  }
  return {};
}

// The largest error, relative to the largest entry of its tensor and to the tolerance.
class Comparison {
 public:
  explicit Comparison(double tolerance) : tolerance_(tolerance) {}

  void compare(const std::string& name, const Tensor& expected, const std::vector<double>& got) {
    const std::vector<double> want = to_doubles(expected);
    if (want.size() != got.size()) {
      note(name, INFINITY);
      return;
    }
    double largest = 0.0;
    double error = 0.0;
    for (std::size_t i = 0; i < want.size(); ++i) {
      largest = std::max(largest, std::abs(want[i]));
      error = std::isfinite(got[i]) ? std::max(error, std::abs(want[i] - got[i])) : INFINITY;
      if (!std::isfinite(error)) {
        break;
      }
    }
    if (error > kAbsoluteFloor) {
      note(name, error / std::max(largest, kAbsoluteFloor));
    }
    ++count_;
  }

  [[nodiscard]] bool ok() const { return count_ > 0 && worst_ <= tolerance_; }
  [[nodiscard]] double worst() const { return worst_; }
  [[nodiscard]] const std::string& worst_name() const { return worst_name_; }

 private:
  void note(const std::string& name, double error) {
    if (error > worst_) {
      worst_ = error;
      worst_name_ = name;
    }
  }

  double tolerance_;
  double worst_ = 0.0;
  std::string worst_name_;
  int count_ = 0;
};

ModelConfig parse_config(const Safetensors& file) {
  const auto json = nlohmann::json::parse(file.metadata_at("config"));
  ModelConfig config;
  visit_options(config, [&](const char* name, auto& field, const auto&...) {
    if (json.contains(name)) {
      using Field = std::remove_reference_t<decltype(field)>;
      if constexpr (IsTextField<Field>) {
        field = TextField<Field>::parse(json.at(name).get<std::string>(), name);
      } else {
        json.at(name).get_to(field);
      }
    }
  });
  json.at("num_items").get_to(config.num_items);
  config.num_item_features = json.value("num_item_features", std::int64_t{0});
  return config;
}

void load(const Safetensors& file, const Model& model, DType dtype) {
  for (const Parameter& parameter : model.parameters().all()) {
    const Tensor& stored = file.find("param." + parameter.name);
    Tensor& value = parameter.variable.mutable_value();
    require_shape(stored.shape() == value.shape(), parameter.name, ": ", stored.shape());
    const std::vector<double> values = to_doubles(stored);
    value =
        dtype == DType::kFloat64
            ? Tensor::from(values, stored.shape(), test_device())
            : Tensor::from(
                  std::vector<float>(values.begin(), values.end()), stored.shape(), test_device());
  }
}

std::vector<double> logits_of(const std::vector<double>& hidden,
                              const std::vector<double>& table,
                              std::size_t dim) {
  std::vector<double> logits;
  for (std::size_t row = 0; row < hidden.size(); row += dim) {
    for (std::size_t item = dim; item < table.size(); item += dim) {
      double sum = 0.0;
      for (std::size_t j = 0; j < dim; ++j) {
        sum += hidden[row + j] * table[item + j];
      }
      logits.push_back(sum);
    }
  }
  return logits;
}

class GoldenFile {
 public:
  GoldenFile(const Safetensors& file, DType dtype)
      : file_(file),
        dtype_(dtype),
        comparison_(dtype == DType::kFloat64 ? 1e-6 : 1e-4),
        model_(make_model(parse_config(file), /*seed=*/1, dtype, test_device())) {
    load(file, *model_, dtype);
    const Tensor& ids = file.find("ids");
    batch_.ids = Tensor::from(ids.to_vector<std::int32_t>(), ids.shape(), test_device());
    batch_.segments = Segments(file.find("offsets").to_vector<std::int32_t>(), test_device());
    last_ = batch_.segments.last_tokens();
    if (file.has("times")) {
      read_times();
    }
  }

  const Comparison& compare() {
    compare_outputs();
    compare_losses();
    return comparison_;
  }

 private:
  // The seconds of the events [T] and of the events to predict [B].
  void read_times() {
    const std::vector<std::int32_t> events = file_.find("times").to_vector<std::int32_t>();
    const std::vector<std::int32_t> asked = file_.find("asked").to_vector<std::int32_t>();
    data::TokenTimes times;
    for (std::int64_t b = 0; b < batch_.size(); ++b) {
      const std::vector<std::int64_t> sequence(events.begin() + batch_.segments.begin(b),
                                               events.begin() + batch_.segments.end(b));
      times.add({sequence, {}, asked[static_cast<std::size_t>(b)]}, sequence.size());
    }
    batch_.times = times.upload(test_device());
  }

  void compare_outputs() {
    const NoGrad no_grad;
    const auto dim = static_cast<std::size_t>(model_->config().dim);
    comparison_.compare(
        "hidden", file_.find("hidden"), to_doubles(model_->encode(batch_, {}).states.value()));
    const Pass pass = model_->encode_last(batch_, {});
    const std::vector<double> last = to_doubles(pass.states.value());
    const std::vector<double> table = to_doubles(pass.scored_items.value());
    comparison_.compare("last_logits", file_.find("last_logits"), logits_of(last, table, dim));
    if (file_.has("imr.indices")) {
      comparison_.compare(
          "imr.indices", file_.find("imr.indices"), to_doubles(pass.retrieved.indices));
      comparison_.compare("imr.gates", file_.find("imr.gates"), to_doubles(pass.retrieved.gates));
    }
  }

  void compare_losses() {
    const std::string gradient_of = file_.metadata_at("gradient_of");
    if (file_.has("loss.last")) {
      // Computed with the last-token shortcut, and from all states.
      compare_loss("loss.last", model_->encode_last(batch_, {}), last_, gradient_of);
      compare_loss("loss.last", encode_at(last_), last_, gradient_of);
    }
    if (file_.has("loss.all")) {
      compare_loss("loss.all", model_->encode(batch_, {}), {}, gradient_of);
    }
    if (file_.has("loss.window")) {
      const Tensor window = window_tokens();
      WindowTargets& targets = *model_->window_targets();
      compare_loss("loss.window", targets.encode_window(batch_, {}), window, gradient_of);
      compare_loss("loss.window", encode_at(window), window, gradient_of);
    }
  }

  // The pass over all tokens, with the states of `rows` only.
  Pass encode_at(const Tensor& rows) {
    Pass pass = model_->encode(batch_, {});
    pass.states = ops::gather_rows(pass.states, rows);
    return pass;
  }

  [[nodiscard]] Tensor window_tokens() const {
    const Segments& segments = batch_.segments;
    const auto window = static_cast<std::int32_t>(model_->config().window);
    std::vector<std::int32_t> rows;
    for (std::int64_t b = 0; b < segments.size(); ++b) {
      for (std::int32_t row = std::max(segments.begin(b), segments.end(b) - window);
           row < segments.end(b);
           ++row) {
        rows.push_back(row);
      }
    }
    const auto count = static_cast<std::int64_t>(rows.size());
    return Tensor::from(rows, {count}, test_device());
  }

  // `rows`: the tokens whose states the pass has; undefined: all tokens.
  void compare_loss(const std::string& name,
                    const Pass& pass,
                    const Tensor& rows,
                    const std::string& gradient_of) {
    std::vector<std::int32_t> targets = file_.find("targets").to_vector<std::int32_t>();
    if (rows.defined()) {
      std::vector<std::int32_t> chosen;
      for (const std::int32_t row : rows.to_vector<std::int32_t>()) {
        chosen.push_back(targets[static_cast<std::size_t>(row)]);
      }
      targets = chosen;
    }
    const Variable loss = ops::linear_cross_entropy(
        pass.states,
        pass.scored_items,
        Tensor::from(targets, {static_cast<std::int64_t>(targets.size())}, test_device()));
    comparison_.compare(name, file_.find(name), to_doubles(loss.value()));
    if (name == gradient_of) {
      backward(loss);
      compare_gradients();
    }
    for (const Parameter& parameter : model_->parameters().all()) {
      parameter.variable.clear_grad();
    }
  }

  void compare_gradients() {
    for (const Parameter& parameter : model_->parameters().trained()) {
      const Tensor& grad = parameter.variable.grad();
      std::vector<double> got(static_cast<std::size_t>(parameter.variable.value().numel()), 0.0);
      if (grad.defined()) {
        got = to_doubles(grad);
      }
      Tensor want = file_.find("grad." + parameter.name);
      if (parameter.name == "item_embedding.weight") {
        want = want.slice(1, want.shape()[0]);
        got.erase(got.begin(), got.begin() + model_->config().dim);
      }
      comparison_.compare("grad." + parameter.name, want, got);
    }
  }

  const Safetensors& file_;
  DType dtype_;
  Comparison comparison_;
  std::unique_ptr<Model> model_;
  data::Batch batch_;
  Tensor last_;
};

enum class Outcome { kOk, kFailed, kSkipped };

Outcome check_file(const std::filesystem::path& path) {
  const std::string name = path.stem().string();
  std::string model = "?";
  try {
    const Safetensors file = read_safetensors(path.string());
    model = nlohmann::json::parse(file.metadata_at("config")).at("model").get<std::string>();
    if (!is_registered(model)) {
      std::printf("%s %s skipped (unknown model)\n", name.c_str(), model.c_str());
      return Outcome::kSkipped;
    }
    bool ok = true;
    std::string details;
    double worst = 0.0;
    for (const DType dtype : {DType::kFloat32, DType::kFloat64}) {
      GoldenFile golden(file, dtype);
      const Comparison& comparison = golden.compare();
      worst = std::max(worst, comparison.worst());
      ok = ok && comparison.ok();
      details +=
          concat(" ", name_of(dtype), " ", comparison.worst(), " in ", comparison.worst_name());
    }
    std::printf("%s %s %s %.3g (%s )\n",
                name.c_str(),
                model.c_str(),
                ok ? "ok" : "FAILED",
                worst,
                details.c_str());
    return ok ? Outcome::kOk : Outcome::kFailed;
  } catch (const std::exception& error) {
    std::printf("%s %s FAILED inf (%s)\n", name.c_str(), model.c_str(), error.what());
    return Outcome::kFailed;
  }
}

}  // namespace

int main() {
  if (const std::string reason = why_no_device(); !reason.empty()) {
    std::printf("skipped: %s\n", reason.c_str());
    return kSkipped;
  }
  const char* chosen = std::getenv("ELASTIC_GOLDEN_DIR");
  const std::filesystem::path folder =
      chosen != nullptr && *chosen != '\0' ? chosen : ELASTIC_SOURCE_DIR "/tests/golden";
  std::error_code error;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".safetensors") {
      files.push_back(entry.path());
    }
  }
  if (error) {
    std::printf("golden: cannot list %s: %s\n", folder.c_str(), error.message().c_str());
    return 1;
  }
  std::sort(files.begin(), files.end());
  int compared = 0;
  int failed = 0;
  for (const auto& file : files) {
    const Outcome outcome = check_file(file);
    compared += outcome == Outcome::kSkipped ? 0 : 1;
    failed += outcome == Outcome::kFailed ? 1 : 0;
  }
  std::printf("golden: %d compared, %d failed, %zu files in %s\n",
              compared,
              failed,
              files.size(),
              folder.c_str());
  return compared > 0 && failed == 0 ? 0 : 1;
}
