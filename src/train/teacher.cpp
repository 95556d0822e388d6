#include "train/teacher.h"

#include <algorithm>
#include <utility>

#include "autograd/ops/rows.h"
#include "base/checksum.h"
#include "base/error.h"
#include "model/abilities.h"
#include "tensor/backend.h"
#include "tensor/kernels/elementwise.h"
#include "tensor/kernels/transpose.h"

namespace elastic::train {
namespace {

std::string hash_of_weights(const Model& model) {
  Checksum checksum;
  for (const Parameter& parameter : model.parameters().all()) {
    const Tensor& value = parameter.variable.value();
    std::vector<std::byte> bytes(value.bytes());
    backend_for(value.device()).copy_to_host(value, bytes.data());
    checksum.add(parameter.name);
    checksum.add(bytes.data(), bytes.size());
  }
  return checksum.hex();
}

// The columns of matrices of equal height, side by side.
Tensor side_by_side(const std::vector<Tensor>& parts) {
  if (parts.size() == 1) {
    return parts.front();
  }
  std::int64_t columns = 0;
  for (const Tensor& part : parts) {
    columns += part.cols();
  }
  const Tensor& first = parts.front();
  const Tensor transposed({columns, first.rows()}, first.dtype(), first.device());
  std::int64_t begin = 0;
  for (const Tensor& part : parts) {
    Tensor rows = transposed.slice(begin, begin + part.cols());
    run(kernels::Transpose{part, rows});
    begin += part.cols();
  }
  Tensor joined({first.rows(), columns}, first.dtype(), first.device());
  run(kernels::Transpose{transposed, joined});
  return joined;
}

void check_direction(const Model& model, Supervision supervision, std::int64_t window) {
  const std::string& name = model.config().model;
  const Direction direction = model.direction();
  if (supervision == Supervision::kAll && direction != Direction::kCausal) {
    throw UsageError("--teacher: expected a causal model with --supervision all, got ",
                     name,
                     ", whose states see the labels of earlier positions; train with "
                     "--supervision last");
  }
  if (supervision == Supervision::kWindow && direction == Direction::kBidirectional) {
    throw UsageError(
        "--teacher: expected a model with a window or a causal one with --supervision "
        "window, got ",
        name,
        ", whose states see the labels of earlier positions; train with "
        "--supervision last");
  }
  if (supervision == Supervision::kWindow && direction == Direction::kWindowed &&
      model.config().window < window) {
    throw UsageError("--teacher: expected a window of at least --window ",
                     window,
                     ", got a model with ",
                     model.config().window);
  }
}

void check_models(const std::vector<std::unique_ptr<Model>>& models,
                  const Model& student,
                  Supervision supervision) {
  ELASTIC_CHECK(!models.empty(), "a teacher without models");
  for (const auto& model : models) {
    check_direction(*model, supervision, student.config().window);
    if (model->config().max_len < student.config().max_len) {
      throw UsageError("--teacher: expected a model of at least --max-len ",
                       student.config().max_len,
                       ", the events that the student reads, got one of ",
                       model->config().max_len);
    }
    if (model->config().num_items != student.config().num_items) {
      throw UsageError("--teacher: expected a model of ",
                       student.config().num_items,
                       " items, got one of ",
                       model->config().num_items);
    }
  }
}

}  // namespace

std::string identity_of_teacher(const std::vector<std::string>& names,
                                const std::vector<std::unique_ptr<Model>>& models) {
  std::string identity;
  for (std::size_t i = 0; i < models.size(); ++i) {
    identity += (i == 0 ? "" : ",") + names[i] + ":" + hash_of_weights(*models[i]);
  }
  return identity;
}

Teacher::Teacher(std::vector<std::unique_ptr<Model>> models,
                 const Model& student,
                 Supervision supervision,
                 const Distillation& settings,
                 std::string identity)
    : models_(std::move(models)),
      supervision_(supervision),
      window_(student.config().window),
      settings_(settings),
      identity_(std::move(identity)) {
  check_models(models_, student, supervision_);
  const NoGrad no_grad;
  std::vector<Tensor> items;
  for (const auto& model : models_) {
    if (WeightCache* const cache = model->weight_cache()) {
      cache->set_weights_fixed(true);
    }
    items.push_back(model->scored_items());
  }
  items_ = side_by_side(items);
}

// The states of the latest min(window_, n) tokens of each sequence, one sequence after the other.
Variable Teacher::window_states(Model& model, const data::Batch& batch) const {
  WindowTargets* const windowed = model.window_targets();
  const Variable states = windowed != nullptr ? windowed->encode_window(batch, {}).states
                                              : model.encode(batch, {}).states;
  std::vector<std::int32_t> rows;
  std::int64_t begin = 0;
  for (std::int64_t b = 0; b < batch.size(); ++b) {
    const std::int64_t length = batch.segments.length(b);
    const std::int64_t end =
        begin + (windowed != nullptr ? std::min(length, model.config().window) : length);
    for (std::int64_t row = end - std::min(length, window_); row < end; ++row) {
      rows.push_back(static_cast<std::int32_t>(row));
    }
    begin = end;
  }
  const auto count = static_cast<std::int64_t>(rows.size());
  return count == begin
             ? states
             : ops::gather_rows(states, Tensor::from(rows, {count}, states.value().device()));
}

Variable Teacher::states_of(Model& model, const data::Batch& batch) const {
  switch (supervision_) {
    case Supervision::kLast:
      return model.encode_last(batch, {}).states;
    case Supervision::kAll:
      return model.encode(batch, {}).states;
    case Supervision::kWindow:
      break;
  }
  return window_states(model, batch);
}

ops::TeacherScores Teacher::scores(const TrainBatch& input) const {
  const NoGrad no_grad;
  std::vector<Tensor> parts;
  for (const auto& model : models_) {
    Variable states = states_of(*model, input.batch);
    if (input.rows.defined()) {
      states = ops::gather_rows(states, input.rows);
    }
    parts.push_back(states.value());
  }
  Tensor states = side_by_side(parts);
  if (parts.size() > 1) {
    run(kernels::Scale{states, 1.0 / static_cast<double>(parts.size()), states});
  }
  return {states, items_};
}

Variable Teacher::loss(Pass student, const TrainBatch& input) const {
  return ops::distilled_cross_entropy(
      student.states, student.scored_items, input.targets, input.past, scores(input), settings_);
}

}  // namespace elastic::train
