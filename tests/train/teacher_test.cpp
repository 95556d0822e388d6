// Training with --teacher.
#include "train/teacher.h"

#include <cmath>

#include "error_message.h"
#include "run_bits.h"
#include "tensor/safetensors.h"
#include "tensor/tensor_values.h"
#include "tiny_run.h"
#include "train/past_events.h"
#include "train/saved_model.h"
#include "train/training_step.h"

namespace elastic::train::teacher_test {
namespace {

ModelConfig config_of(const std::string& model, std::int64_t window = 3) {
  ModelConfig config = tiny_model_config(model);
  config.window = window;
  return config;
}

std::unique_ptr<Model> new_teacher(const ModelConfig& config, std::uint64_t seed = 9) {
  return make_model(config, seed, DType::kFloat32, test_device());
}

std::vector<std::unique_ptr<Model>> models_of(const std::vector<ModelConfig>& configs) {
  std::vector<std::unique_ptr<Model>> models;
  for (const ModelConfig& config : configs) {
    models.push_back(new_teacher(config, 9 + models.size()));
  }
  return models;
}

struct Input {
  TrainBatch batch;
  std::vector<std::vector<std::int32_t>> histories;  // of each target, as far as it is read
};

// A batch of the tiny split for a student.
Input input_for(const Model& student, const TargetOptions& targets) {
  const data::Split split = tiny_split();
  const ExampleOptions options{supervision_for(targets, student),
                               {},
                               student.config().max_len,
                               student.config().window,
                               targets.window_targets,
                               5};
  std::vector<std::int64_t> lengths;
  for (std::int64_t user = 0; user < split.num_users(); ++user) {
    lengths.push_back(static_cast<std::int64_t>(split.train_sequence(user).size()));
  }
  std::vector<Example> examples = epoch_examples(lengths, options, 1);
  examples.resize(std::min<std::size_t>(examples.size(), 9));
  HostBatch host = collect_batch(split, examples, options);
  const PastEvents past(split, test_device());
  host.past = past.before_targets(examples);
  Input input{upload(host, test_device(), past.items()), {}};
  for (const Example& example : examples) {
    const auto events = split.train_sequence(example.user);
    for (std::int32_t i = 0; i < example.num_targets; ++i) {
      input.histories.emplace_back(events.begin() + example.begin,
                                   events.begin() + example.first_target() + i);
    }
  }
  return input;
}

std::vector<double> product_of(const Tensor& states, const Tensor& items) {
  const std::vector<double> rows = to_doubles(states);
  const std::vector<double> table = to_doubles(items);
  const auto dim = static_cast<std::size_t>(states.cols());
  std::vector<double> scores;
  for (std::size_t r = 0; r < rows.size(); r += dim) {
    for (std::size_t v = dim; v < table.size(); v += dim) {
      double sum = 0.0;
      for (std::size_t j = 0; j < dim; ++j) {
        sum += rows[r + j] * table[v + j];
      }
      scores.push_back(sum);
    }
  }
  return scores;
}

// Each target's scores by causal models, history by history: the mean over the models.
std::vector<double> expected_scores(const std::vector<std::unique_ptr<Model>>& models,
                                    const Input& input) {
  const NoGrad no_grad;
  std::vector<double> mean;
  for (const auto& model : models) {
    data::BatchBuilder builder;
    for (const auto& history : input.histories) {
      builder.add(history, model->config().max_len);
    }
    const Pass pass = model->encode_last(builder.build(test_device()), {});
    const std::vector<double> scores = product_of(pass.states.value(), pass.scored_items.value());
    mean.resize(scores.size());
    for (std::size_t i = 0; i < scores.size(); ++i) {
      mean[i] += scores[i] / static_cast<double>(models.size());
    }
  }
  return mean;
}

TEST_CASE("teacher: scores are the mean of the models' scores of each target's history") {
  TargetOptions fewer;
  fewer.window_targets = 2;
  TargetOptions last;
  last.supervision = SupervisionChoice::kLast;
  for (const auto& [student_name, targets] : {std::pair("softmax", TargetOptions{}),
                                              std::pair("softmax", last),
                                              std::pair("elastic", TargetOptions{}),
                                              std::pair("elastic-window", TargetOptions{}),
                                              std::pair("elastic-window", fewer)}) {
    CAPTURE(student_name);
    const auto student = make_model(config_of(student_name), 1, DType::kFloat32, test_device());
    const Input input = input_for(*student, targets);
    ModelConfig wide = config_of("gru");
    wide.dim = 24;
    const std::vector<ModelConfig> configs{config_of("softmax"), wide};
    for (const std::size_t count : {1, 2}) {
      const std::vector<ModelConfig> chosen(configs.begin(),
                                            configs.begin() + static_cast<std::ptrdiff_t>(count));
      const Teacher teacher(models_of(chosen), *student, supervision_for(targets, *student), {});
      const ops::TeacherScores scores = teacher.scores(input.batch);
      CHECK(relative_error(expected_scores(models_of(chosen), input),
                           product_of(scores.states, scores.items)) < 1e-4);
    }
  }
}

TEST_CASE("teacher: a model with a longer window gives the same states as with encode") {
  const auto student =
      make_model(config_of("elastic-window", 3), 1, DType::kFloat32, test_device());
  const Input input = input_for(*student, {});
  const auto model = new_teacher(config_of("elastic-window", 5));
  const Teacher teacher(
      models_of({config_of("elastic-window", 5)}), *student, Supervision::kWindow, {});
  const std::vector<double> got = to_doubles(teacher.scores(input.batch).states);
  const NoGrad no_grad;
  const std::vector<double> all = to_doubles(model->encode(input.batch.batch, {}).states.value());
  std::vector<double> want;
  const Segments& segments = input.batch.batch.segments;
  for (std::int64_t b = 0; b < segments.size(); ++b) {
    const std::int64_t count = std::min<std::int64_t>(3, segments.length(b));
    want.insert(want.end(),
                all.begin() + (segments.end(b) - count) * model->config().dim,
                all.begin() + segments.end(b) * model->config().dim);
  }
  if (input.batch.rows.defined()) {
    const std::vector<std::int32_t> rows = input.batch.rows.to_vector<std::int32_t>();
    std::vector<double> chosen;
    for (const std::int32_t row : rows) {
      const auto begin = want.begin() + row * model->config().dim;
      chosen.insert(chosen.end(), begin, begin + model->config().dim);
    }
    want = chosen;
  }
  CHECK(relative_error(want, got) < 1e-5);
}

TEST_CASE("teacher: models that cannot predict the student's targets are refused") {
  const auto refusal = [](const ModelConfig& student, const ModelConfig& teacher) {
    const auto model = make_model(student, 1);
    return error_message<UsageError>([&] {
      std::vector<std::unique_ptr<Model>> models;
      models.push_back(make_model(teacher, 2));
      Teacher(std::move(models), *model, supervision_for({}, *model), {});
    });
  };
  CHECK(refusal(config_of("softmax"), config_of("elastic")).find("a causal model") !=
        std::string::npos);
  CHECK(refusal(config_of("softmax"), config_of("elastic-window")).find("a causal model") !=
        std::string::npos);
  CHECK(refusal(config_of("elastic-window"), config_of("lda")).find("a window or a causal one") !=
        std::string::npos);
  CHECK(refusal(config_of("elastic-window", 4), config_of("elastic-window", 3)) ==
        "--teacher: expected a window of at least --window 4, got a model with 3");
  ModelConfig other = config_of("softmax");
  other.max_len = 5;
  CHECK(refusal(config_of("softmax"), other) ==
        "--teacher: expected a model of at least --max-len 6, the events that the student reads, "
        "got one of 5");
  other = config_of("softmax");
  other.num_items = 13;
  CHECK(refusal(config_of("softmax"), other) ==
        "--teacher: expected a model of 12 items, got one of 13");
  CHECK(refusal(config_of("elastic"), config_of("elastic-window")).empty());
  CHECK(refusal(config_of("elastic-window"), config_of("softmax")).empty());
}

TEST_CASE("teacher: a step's loss is that of the student's scores, over its candidates") {
  const auto student = make_model(config_of("softmax"), 1, DType::kFloat64, test_device());
  const Input input = input_for(*student, {});
  std::vector<std::unique_ptr<Model>> models;
  models.push_back(make_model(config_of("gru"), 4, DType::kFloat64, test_device()));
  const Distillation settings{0.7, 2.0};
  const Teacher teacher(std::move(models), *student, Supervision::kAll, settings);
  const Variable loss = teacher.loss(student->encode(input.batch.batch, {}), input.batch);
  const Pass pass = student->encode(input.batch.batch, {});
  const Variable want = ops::distilled_cross_entropy(pass.states,
                                                     pass.scored_items,
                                                     input.batch.targets,
                                                     input.batch.past,
                                                     teacher.scores(input.batch),
                                                     settings);
  CHECK(to_doubles(loss.value()) == to_doubles(want.value()));
  const Variable plain =
      catalogue_loss(student->encode(input.batch.batch, {}), input.batch.targets, input.batch.past);
  CHECK(to_doubles(loss.value()) != to_doubles(plain.value()));
}

// A run with a teacher, whose weights depend on `teacher_seed`.
struct Distilled {
  TinyRun run;
  std::unique_ptr<Teacher> teacher;

  explicit Distilled(std::uint64_t teacher_seed = 9, const std::string& name = "runs/teacher") {
    run.config.epochs = 2;
    run.config.loss.teacher = name;
    const auto student = make_model(run.model_config, 1);
    std::vector<std::unique_ptr<Model>> models;
    models.push_back(new_teacher(config_of("gru"), teacher_seed));
    std::string identity = identity_of_teacher({name}, models);
    teacher = std::make_unique<Teacher>(
        std::move(models),
        *student,
        Supervision::kAll,
        Distillation{run.config.loss.teacher_weight, run.config.loss.teacher_temperature},
        std::move(identity));
    run.teacher = teacher.get();
  }
};

TEST_CASE("teacher: an interrupted and resumed run has the bits of the uninterrupted one") {
  const TemporaryFolder folder;
  Distilled whole;
  whole.run.train(folder.file("whole"));
  Distilled part;
  part.run.stop_after = 3;
  part.run.train(folder.file("run"));
  part.run.stop_after = 0;
  Distilled again;
  again.run.train(folder.file("run"), /*resume=*/true);
  check_same(folder.file("run"), folder.file("whole"));

  TinyRun plain;
  plain.config.epochs = 2;
  plain.train(folder.file("plain"));
  CHECK(checkpoint_of(folder.file("plain")) != checkpoint_of(folder.file("whole")));
}

TEST_CASE("teacher: the run's files name it, and a run resumes with the same one only") {
  const TemporaryFolder folder;
  Distilled first;
  first.run.stop_after = 3;
  first.run.train(folder.file("run"));
  const std::string saved =
      read_safetensors(folder.file("run/checkpoints/latest.safetensors")).metadata_at("teacher");
  CHECK(saved == first.teacher->identity());
  CHECK(saved.find("runs/teacher:") == 0);
  const auto refusal = [&](Distilled& other) {
    return error_message<CheckpointError>(
        [&] { other.run.train(folder.file("run"), /*resume=*/true); });
  };
  Distilled other_weights(10);
  CHECK(refusal(other_weights).find("was started with the teacher 'runs/teacher:") !=
        std::string::npos);
  Distilled other_name(9, "runs/other");
  CHECK(refusal(other_name).find("was started with teacher = \"runs/teacher\"") !=
        std::string::npos);
  Distilled other_weight;
  other_weight.run.config.loss.teacher_weight = 0.4;
  CHECK(refusal(other_weight).find("was started with teacher_weight = 0.5") != std::string::npos);
  TinyRun none;
  none.config.epochs = 2;
  CHECK(error_message<CheckpointError>([&] {
          none.train(folder.file("run"), /*resume=*/true);
        }).find("was started with teacher = \"runs/teacher\"") != std::string::npos);
  Distilled same;
  same.run.train(folder.file("run"), /*resume=*/true);
  CHECK(read_model_info(folder.file("run/model.safetensors")).teacher == saved);
}

TEST_CASE("teacher: options that have no effect, or a loss that has none, are refused") {
  const auto refusal = [](const std::function<void(TrainConfig&)>& change) {
    TrainConfig config;
    change(config);
    return error_message<UsageError>([&] { check(config); });
  };
  CHECK(refusal([](auto& c) { c.loss.teacher_weight = 0.1; }).find("have no effect") !=
        std::string::npos);
  CHECK(refusal([](auto& c) { c.loss.teacher_temperature = 2.0; }).find("have no effect") !=
        std::string::npos);
  CHECK(refusal([](auto& c) {
          c.loss.teacher = "runs/a";
          c.loss.kind = LossKind::kBce;
        }) ==
        "--teacher: expected --loss softmax, got bce: a teacher's scores are compared over all "
        "items");
  CHECK(refusal([](auto& c) {
          c.loss.teacher = "runs/a";
          c.cuda_graphs = true;
        }).find("--cuda-graphs: leave out --teacher") == 0);
  CHECK(refusal([](auto& c) {
          c.loss.teacher = "runs/a";
          c.loss.teacher_weight = 1.5;
        }) == "--teacher-weight: expected 0 to 1, got 1.5");
  CHECK(refusal([](auto& c) {
          c.loss.teacher = "runs/a";
          c.loss.teacher_temperature = 0.0;
        }) == "--teacher-temperature: expected above 0, got 0");
}

}  // namespace
}  // namespace elastic::train::teacher_test
