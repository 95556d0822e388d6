#include "cli/serving/batcher.h"

#include <algorithm>
#include <utility>

#include "autograd/variable.h"
#include "base/error.h"
#include "cli/output/terminal.h"
#include "tensor/threads.h"

namespace elastic::cli {
namespace {

// Limits of a pass: questions or events, and events of histories for the model to read.
constexpr std::size_t kMaxSize = 512;
constexpr std::size_t kMaxHistory = 16384;
constexpr std::chrono::seconds kSavePoll{1};

// The number of questions, at least one, from the first on, that one pass answers.
std::size_t pass_size(std::span<Question* const> questions, std::int64_t max_len) {
  std::size_t history = 0;
  std::size_t count = 0;
  while (count < std::min(questions.size(), kMaxSize)) {
    history += std::min(questions[count]->history.size(), static_cast<std::size_t>(max_len));
    if (count > 0 && history > kMaxHistory) {
      break;
    }
    ++count;
  }
  return count;
}

}  // namespace

Batcher::Batcher(ModelSlot& models,
                 ServeMetrics& metrics,
                 const BatchOptions& options,
                 std::function<std::int64_t()> expected)
    : models_(models),
      metrics_(metrics),
      options_(options),
      expected_(std::move(expected)),
      thread_([this] { run(); }) {}

Batcher::~Batcher() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Batcher::answer(std::shared_ptr<ServedModel> model, std::vector<Question>& questions) {
  const auto job = std::make_shared<Job>();
  job->kind = Kind::kQuestions;
  job->model = std::move(model);
  job->questions = &questions;
  submit(job);
}

std::vector<Answer> Batcher::answer_events(std::vector<Query> events) {
  const auto job = std::make_shared<Job>();
  job->kind = Kind::kEvents;
  job->events = std::move(events);
  submit(job);
  return std::move(job->answers);
}

void Batcher::run_alone(std::function<void()> work) {
  const auto job = std::make_shared<Job>();
  job->work = std::move(work);
  submit(job);
}

void Batcher::submit(const std::shared_ptr<Job>& job) {
  job->arrived = std::chrono::steady_clock::now();
  {
    const std::scoped_lock lock(mutex_);
    jobs_.push_back(job);
  }
  changed_.notify_one();
  job->done.acquire();
  if (job->failure) {
    std::rethrow_exception(job->failure);
  }
}

void Batcher::run() {
  set_num_threads(static_cast<int>(options_.threads));  // a setting of each thread
  for (Jobs jobs = next_batch(); !jobs.empty(); jobs = next_batch()) {
    answer_batch(jobs);
    for (const auto& job : jobs) {
      job->model.reset();
      job->done.release();
    }
    save_if_due();
  }
  options_.save_every_s = 0.0;
  save_if_due();
}

// Waits for a job, then for more until all requests in progress have joined it or the first has
// waited long enough. Empty at the end.
Batcher::Jobs Batcher::next_batch() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kSavePoll, [this] { return is_ending_ || !jobs_.empty(); })) {
    lock.unlock();
    save_if_due();
    lock.lock();
  }
  if (jobs_.empty()) {
    return {};
  }
  const auto deadline = jobs_.front()->arrived + std::chrono::microseconds(options_.batch_wait_us);
  changed_.wait_until(lock, deadline, [this] {
    return is_ending_ || jobs_.front()->kind == Kind::kAlone ||
           static_cast<std::int64_t>(jobs_.size()) >= expected_();
  });
  Jobs batch;
  std::size_t size = 0;
  while (!jobs_.empty()) {
    const std::shared_ptr<Job> job = jobs_.front();
    const bool joins =
        batch.empty() || (job->kind != Kind::kAlone && job->kind == batch.front()->kind &&
                          job->model == batch.front()->model && size + job->size() <= kMaxSize);
    if (!joins) {
      break;
    }
    size += job->kind == Kind::kAlone ? 0 : job->size();
    batch.push_back(job);
    jobs_.pop_front();
  }
  return batch;
}

void Batcher::answer_batch(const Jobs& jobs) {
  // Here: loading and ending models change this state of their threads (FixedWeights).
  const NoGrad no_grad;
  try {
    switch (jobs.front()->kind) {
      case Kind::kQuestions:
        answer_questions(jobs);
        break;
      case Kind::kEvents:
        answer_event_batch(jobs);
        break;
      case Kind::kAlone:
        jobs.front()->work();
        break;
    }
  } catch (...) {
    for (const auto& job : jobs) {
      job->failure = std::current_exception();
    }
  }
}

void Batcher::answer_questions(const Jobs& jobs) {
  std::vector<Question*> questions;
  for (const auto& job : jobs) {
    for (Question& question : *job->questions) {
      if (question.asks_model()) {
        questions.push_back(&question);
      }
    }
  }
  Recommender& recommender = jobs.front()->model->recommender();
  std::span<Question* const> rest = questions;
  while (!rest.empty()) {
    const std::size_t count = pass_size(rest, recommender.config().max_len);
    metrics_.add_batch(static_cast<std::int64_t>(count));
    answer_all(rest.first(count), recommender);
    rest = rest.subspan(count);
  }
}

void Batcher::answer_event_batch(const Jobs& jobs) {
  EventStates* states = models_.current()->events();
  if (states == nullptr) {
    throw UsageError("the model reads no events");
  }
  std::vector<Query> events;
  for (const auto& job : jobs) {
    events.insert(events.end(), job->events.begin(), job->events.end());
  }
  std::vector<Answer> answers;
  std::span<const Query> rest = events;
  while (!rest.empty()) {
    const std::size_t count = std::min(rest.size(), kMaxSize);
    metrics_.add_batch(static_cast<std::int64_t>(count));
    for (Answer& answer : states->answer(rest.first(count))) {
      answers.push_back(std::move(answer));
    }
    rest = rest.subspan(count);
  }
  auto next = answers.begin();
  for (const auto& job : jobs) {
    const auto end = next + std::ssize(job->events);
    job->answers.assign(std::make_move_iterator(next), std::make_move_iterator(end));
    next = end;
  }
}

void Batcher::save_if_due() {
  EventStates* states = models_.current()->events();
  if (states == nullptr) {
    return;
  }
  try {
    states->save_if_due(options_.save_every_s);
  } catch (const std::exception& error) {  // a full disk must not end the service
    print_error(error.what());
  }
}

}  // namespace elastic::cli
