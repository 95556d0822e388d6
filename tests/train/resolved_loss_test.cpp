#include "train/resolved_loss.h"

#include <doctest/doctest.h>

namespace elastic::train::resolved_loss_test {
namespace {

LossOptions of_kind(LossKind kind) {
  LossOptions options;
  options.kind = kind;
  return options;
}

TEST_CASE("resolved loss: auto compares with all items of a catalogue that is small enough") {
  const LossOptions small = resolved_kind(of_kind(LossKind::kAuto), kMaxSoftmaxItems);
  CHECK(small.kind == LossKind::kSoftmax);
  CHECK(small.negatives == 0);
  const LossOptions large = resolved_kind(of_kind(LossKind::kAuto), kMaxSoftmaxItems + 1);
  CHECK(large.kind == LossKind::kSampledSoftmax);
  CHECK(large.negatives == 4096);
}

TEST_CASE("resolved loss: a teacher needs the loss over all items") {
  LossOptions options = of_kind(LossKind::kAuto);
  options.teacher = "run";
  CHECK(resolved_kind(options, kMaxSoftmaxItems + 1).kind == LossKind::kSoftmax);
}

TEST_CASE("resolved loss: negatives that are not set depend on the loss and the catalogue") {
  constexpr std::int64_t kMany = 1000000;
  CHECK(resolved_kind(of_kind(LossKind::kSampledSoftmax), kMany).negatives == 4096);
  CHECK(resolved_kind(of_kind(LossKind::kBce), kMany).negatives == 256);
  CHECK(resolved_kind(of_kind(LossKind::kGbce), kMany).negatives == 256);
  CHECK(resolved_kind(of_kind(LossKind::kSoftmax), kMany).negatives == 0);
  CHECK(resolved_kind(of_kind(LossKind::kGbce), 40).negatives == 39);
  CHECK(resolved_kind(of_kind(LossKind::kBce), 1).negatives == 1);
}

TEST_CASE("resolved loss: options that are set stay") {
  LossOptions options = of_kind(LossKind::kSampledSoftmax);
  options.negatives = 512;
  CHECK(resolved_kind(options, 10) == options);
}

}  // namespace
}  // namespace elastic::train::resolved_loss_test
