#include "train/train_config.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <string>

#include "base/error.h"

using namespace elastic;
using namespace elastic::train;

namespace {

std::string refusal(const std::function<void(TrainConfig&)>& change) {
  TrainConfig config;
  change(config);
  try {
    check(config);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("train config: the defaults are accepted") {
  CHECK(refusal([](TrainConfig&) {}).empty());
}

TEST_CASE("train config: a refusal names the option, what is allowed and the value") {
  CHECK(refusal([](TrainConfig& c) { c.epochs = 0; }) ==
        "--epochs: expected 1 to 2147483648, got 0");
  CHECK(refusal([](TrainConfig& c) { c.optimizer.learning_rate = 0.0; }) ==
        "--learning-rate: expected above 0, got 0");
  CHECK(refusal([](TrainConfig& c) { c.optimizer.clip_norm = -1.0; }) ==
        "--clip-norm: expected 0 or more, got -1");
  CHECK(refusal([](TrainConfig& c) { c.seed = -1; }) == "--seed: expected 0 or more, got -1");
}

TEST_CASE("train config: absurd numbers are refused") {
  CHECK(refusal([](TrainConfig& c) { c.batch_size = std::int64_t{1} << 60; }) ==
        "--batch-size: expected 1 to 16777216, got 1152921504606846976");
  CHECK(refusal([](TrainConfig& c) { c.threads = std::int64_t{1} << 31; }) ==
        "--threads: expected 0 to 4096, got 2147483648");
  CHECK(refusal([](TrainConfig& c) { c.limits.save_every_s = -5.0; }) ==
        "--save-every-s: expected 0 to 1e+09, got -5");
  CHECK(refusal([](TrainConfig& c) { c.limits.max_time_s = NAN; }) ==
        "--max-time-s: expected 0 to 1e+09, got nan");
}

TEST_CASE("train config: weight decay needs adamw and says so") {
  CHECK(refusal([](TrainConfig& c) { c.optimizer.weight_decay = 0.1; }) ==
        "--weight-decay: expected 0 with --optimizer adam, got 0.1; use --optimizer adamw");
  CHECK(refusal([](TrainConfig& c) {
          c.optimizer.weight_decay = 0.1;
          c.optimizer.rule = OptimizerRule::kAdamW;
        }).empty());
}

TEST_CASE("train config: options of negatives need a loss that draws them") {
  for (const LossKind loss : {LossKind::kSampledSoftmax, LossKind::kBce, LossKind::kGbce}) {
    CHECK(refusal([&](TrainConfig& c) {
            c.loss.kind = loss;
            c.loss.negatives = 16;
            c.loss.negative_sampling = NegativeSampling::kPopularity;
            c.loss.item_updates = ItemUpdates::kRows;
          }).empty());
  }
  CHECK(refusal([](TrainConfig& c) { c.loss.negatives = 16; }) ==
        "--negatives: has no effect with --loss softmax, but is set to 16; leave it out, or use "
        "--loss sampled-softmax, bce or gbce");
  CHECK(refusal([](TrainConfig& c) { c.loss.negative_sampling = NegativeSampling::kPopularity; }) ==
        "--negative-sampling: has no effect with --loss softmax, but is set to popularity; leave "
        "it out, or use --loss sampled-softmax, bce or gbce");
  CHECK(refusal([](TrainConfig& c) { c.loss.item_updates = ItemUpdates::kRows; }) ==
        "--item-updates: expected all or auto with --loss softmax, whose gradient concerns every "
        "item, "
        "got 'rows'; use --loss sampled-softmax, bce or gbce");
  CHECK(refusal([](TrainConfig& c) {
          c.loss.kind = LossKind::kBce;
          c.loss.gbce_t = 0.5;
        }) ==
        "--gbce-t: has no effect with --loss bce, but is set to 0.5; leave it out, or use "
        "--loss gbce");
  CHECK(refusal([](TrainConfig& c) {
          c.loss.kind = LossKind::kGbce;
          c.loss.gbce_t = 1.5;
        }) == "--gbce-t: expected 0 to 1, got 1.5");
  CHECK(refusal([](TrainConfig& c) {
          c.loss.kind = LossKind::kBce;
          c.loss.negatives = -1;
        }) == "--negatives: expected 0 to 65536, got -1");
  CHECK(refusal([](TrainConfig& c) {
          c.loss.kind = LossKind::kBce;
          c.cuda_graphs = true;
        }) ==
        "--cuda-graphs: expected --loss softmax, got bce: the host draws the negatives of "
        "every step, so no step can be recorded");
}

TEST_CASE("train config: cuts are auto, all, latest or a number up to 2^31") {
  CHECK(Cuts::parse("auto", "cuts").kind == Cuts::Kind::kAuto);
  CHECK(Cuts::parse("all", "cuts").kind == Cuts::Kind::kAll);
  CHECK(Cuts::parse("latest", "cuts").kind == Cuts::Kind::kLatest);
  CHECK(Cuts::parse("3", "cuts").kind == Cuts::Kind::kRandom);
  CHECK(Cuts::parse("3", "cuts").count == 3);
  for (const char* cuts : {"", "0", "-1", "3x", "1.5", "All", "2147483649", "1e400"}) {
    CAPTURE(cuts);
    CHECK_THROWS_AS(Cuts::parse(cuts, "cuts"), UsageError);
  }
  CHECK_THROWS_WITH_AS(
      Cuts::parse("latst", "--cuts"),
      "--cuts: expected auto, all, latest or a number from 1 to 2147483648, got 'latst'; did you "
      "mean latest?",
      UsageError);
  for (const char* cuts : {"auto", "all", "latest", "3"}) {
    CHECK(Cuts::parse(cuts, "cuts").text() == cuts);
  }
}

TEST_CASE("train config: every option is declared once") {
  TrainConfig config;
  std::vector<std::string> names;
  visit_options(config, [&](const char* name, auto&, const char* help, const auto&...) {
    CHECK(std::string(help) != "");
    CHECK(std::find(names.begin(), names.end(), name) == names.end());
    names.emplace_back(name);
  });
  CHECK(names.size() == 34);
}
