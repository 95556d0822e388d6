#include <doctest/doctest.h>

#include <algorithm>
#include <initializer_list>

#include "model/registry.h"
#include "profile/inputs.h"
#include "profile/profiler.h"
#include "tensor/backend.h"
#include "train/training_step.h"

namespace elastic::profile::trace_test {
namespace {

const MachineRates kMachine{"the CPU", 100.0, 10.0, 2};

Workload small(const std::string& model, Phase phase) {
  Workload workload;
  workload.model.model = model;
  workload.model.max_len = 24;
  workload.model.num_items = 50;
  workload.phase = phase;
  workload.batch = 2;
  workload.repetitions = 1;
  workload.warmup = 0;
  return workload;
}

Row traced(const Workload& workload) {
  Row row = measure(workload, kMachine, /*with_calls=*/true);
  CAPTURE(row.note);
  REQUIRE(row.status == RowStatus::kOk);
  REQUIRE(!row.calls.empty());
  return row;
}

bool holds(const ScopeSpan& outer, double begin, double seconds) {
  constexpr double kRounding = 1e-12;
  return outer.begin <= begin && begin + seconds <= outer.begin + outer.seconds + kRounding;
}

// Whether a span of one of the kinds is around a stretch of the row.
bool is_within(const Row& row,
               std::initializer_list<ScopeKind> kinds,
               double begin,
               double length) {
  return std::any_of(row.spans.begin(), row.spans.end(), [&](const ScopeSpan& span) {
    return std::find(kinds.begin(), kinds.end(), span.kind) != kinds.end() &&
           holds(span, begin, length);
  });
}

std::vector<ScopeSpan> spans_of(const Row& row, ScopeKind kind) {
  std::vector<ScopeSpan> spans;
  std::copy_if(row.spans.begin(), row.spans.end(), std::back_inserter(spans), [&](const auto& one) {
    return one.kind == kind;
  });
  return spans;
}

// The names of the spans of a kind within another span, in their order.
std::vector<std::string> names_within(const Row& row, ScopeKind kind, const ScopeSpan& outer) {
  std::vector<std::string> names;
  for (const ScopeSpan& span : spans_of(row, kind)) {
    if (holds(outer, span.begin, span.seconds)) {
      names.push_back(span.name);
    }
  }
  return names;
}

const KernelCall& call_of(const Row& row, const std::string& kernel) {
  const auto found = std::find_if(row.calls.begin(), row.calls.end(), [&](const KernelCall& call) {
    return call.kernel == kernel;
  });
  REQUIRE(found != row.calls.end());
  return *found;
}

Shape shape_of(const KernelCall& call, const std::string& operand) {
  for (const OperandShape& one : call.shapes) {
    if (one.name == operand) {
      return one.shape;
    }
  }
  FAIL("no operand ", operand, " of ", call.kernel);
  return {};
}

TEST_CASE("trace: in every model, each kernel is within an op, and each op in a layer or a part") {
  for (const std::string& model : model_names()) {
    for (const Phase phase : {Phase::kTrain, Phase::kEncode, Phase::kServe}) {
      CAPTURE(model);
      CAPTURE(std::string(choice_name(phase)));
      const Row row = traced(small(model, phase));
      REQUIRE(spans_of(row, ScopeKind::kStep).size() == 1);
      CHECK(spans_of(row, ScopeKind::kPart).size() == (phase == Phase::kTrain ? 4 : 0));
      for (const KernelCall& call : row.calls) {
        CAPTURE(std::string(call.kernel));
        CHECK(is_within(row, {ScopeKind::kOp}, call.begin, call.seconds));
      }
      for (const ScopeSpan& op : spans_of(row, ScopeKind::kOp)) {
        CAPTURE(op.name);
        CHECK(is_within(row, {ScopeKind::kLayer, ScopeKind::kPart}, op.begin, op.seconds));
      }
      for (const ScopeSpan& layer : spans_of(row, ScopeKind::kLayer)) {
        CAPTURE(layer.name);
        CHECK(is_within(row,
                        {phase == Phase::kTrain ? ScopeKind::kPart : ScopeKind::kStep},
                        layer.begin,
                        layer.seconds));
      }
    }
  }
}

TEST_CASE("trace: spans are in the order of their beginnings, and nest") {
  const Row row = traced(small("elastic", Phase::kTrain));
  for (std::size_t i = 0; i < row.spans.size(); ++i) {
    for (std::size_t j = i + 1; j < row.spans.size(); ++j) {
      const ScopeSpan& earlier = row.spans[i];
      const ScopeSpan& later = row.spans[j];
      CHECK(earlier.begin <= later.begin);
      const bool apart = earlier.begin + earlier.seconds <= later.begin;
      CHECK((apart || holds(earlier, later.begin, later.seconds)));
    }
  }
}

TEST_CASE("trace: layers and ops have their names, in backward those of the ops that ran forward") {
  const Row row = traced(small("softmax", Phase::kTrain));
  const std::vector<ScopeSpan> parts = spans_of(row, ScopeKind::kPart);
  REQUIRE(parts.size() == 4);
  using Names = std::vector<std::string>;
  CHECK(names_within(row, ScopeKind::kLayer, parts[0]) ==
        Names{"input", "layer 1", "layer 2", "final norm"});
  CHECK(names_within(row, ScopeKind::kLayer, parts[1]) == Names{"loss"});
  CHECK(names_within(row, ScopeKind::kLayer, parts[2]) ==
        Names{"loss", "final norm", "layer 2", "layer 1", "input"});
  CHECK(names_within(row, ScopeKind::kOp, parts[3]) == Names{"adam"});
  const std::vector<ScopeSpan> layers = spans_of(row, ScopeKind::kLayer);
  const Names forward = names_within(row, ScopeKind::kOp, layers[1]);
  Names backward = names_within(row, ScopeKind::kOp, layers[8]);
  CHECK(layers[8].name == "layer 1");
  CHECK(forward.back() == "ffn");
  CHECK(backward.front() == "ffn backward");
  Names reversed;
  for (const std::string& name : forward) {
    reversed.insert(reversed.begin(), name + " backward");
  }
  std::sort(reversed.begin(), reversed.end());
  std::sort(backward.begin(), backward.end());
  CHECK(backward == reversed);
}

TEST_CASE("trace: calls have the shapes of their operands, by name") {
  Row row = traced(small("lda", Phase::kTrain));
  const KernelCall& ffn = call_of(row, "ffn_forward");
  REQUIRE(ffn.shapes.size() == 8);
  CHECK(shape_of(ffn, "x") == Shape{48, 64});
  CHECK(shape_of(ffn, "weights.norm.weight") == Shape{64});
  CHECK(shape_of(ffn, "weights.norm.bias") == Shape{64});
  CHECK(shape_of(ffn, "weights.up_weight") == Shape{256, 64});
  CHECK(shape_of(ffn, "weights.down_bias") == Shape{64});
  CHECK(shape_of(ffn, "y") == Shape{48, 64});
  const KernelCall& dispatch = call_of(row, "dispatch_forward");
  CHECK(shape_of(dispatch, "key") == Shape{2, 2, 8, 64});
  CHECK(shape_of(dispatch, "segments") == Shape{3});
  const KernelCall& embedding = call_of(row, "input_embedding_forward");
  CHECK(shape_of(embedding, "item_table") == Shape{51, 64});
  CHECK(shape_of(embedding, "ids") == Shape{48});
  CHECK(shape_of(call_of(row, "adam_step"), "params.0") == Shape{51, 64});
}

// The parameters after two steps of training, and the peak of memory.
std::pair<std::vector<float>, std::size_t> trained(const std::string& name, bool with_trace) {
  const Workload workload = small(name, Phase::kTrain);
  CachingAllocator& allocator = backend_for(Device::kCpu).allocator();
  allocator.release_cache();
  const auto model = make_model(workload.model, 1, DType::kFloat32, Device::kCpu);
  train::Optimizer optimizer(model->parameters(), train::TrainConfig{});
  const train::TrainBatch input = make_inputs(workload, train::Supervision::kLast);
  allocator.reset_peak();
  std::optional<KernelBook> book;
  if (with_trace) {
    book.emplace(Device::kCpu, /*with_calls=*/true);
  }
  for (std::uint32_t step = 1; step <= 2; ++step) {
    train::training_step(*model,
                         optimizer,
                         input,
                         train::Supervision::kLast,
                         {/*training=*/true, 1, step},
                         0.01,
                         nullptr);
  }
  book.reset();
  std::vector<float> values;
  for (const Parameter& parameter : model->parameters().trained()) {
    const std::vector<float> part = parameter.variable.value().to_vector<float>();
    values.insert(values.end(), part.begin(), part.end());
  }
  return {values, allocator.report().total_peak};
}

TEST_CASE("trace: training has the same bits and the same peak of memory with and without it") {
  for (const char* model : {"elastic", "softmax"}) {
    CAPTURE(model);
    const auto [plain, plain_peak] = trained(model, false);
    const auto [traced, traced_peak] = trained(model, true);
    CHECK(plain == traced);
    CHECK(plain_peak == traced_peak);
  }
}

}  // namespace
}  // namespace elastic::profile::trace_test
