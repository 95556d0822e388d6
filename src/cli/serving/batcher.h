// The thread that computes: answers the questions of concurrent requests together.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <memory>
#include <mutex>
#include <semaphore>
#include <span>
#include <thread>
#include <vector>

#include "cli/asking/query.h"
#include "cli/asking/question.h"
#include "cli/serving/model_slot.h"
#include "cli/serving/serve_metrics.h"

namespace elastic::cli {

struct BatchOptions {
  std::int64_t batch_wait_us = 500;  ///< longest wait of a request for others to join it
  double save_every_s = 60.0;        ///< between saves of the streams' states
  std::int64_t threads = 0;          ///< of the kernels; 0: one per core
};

class Batcher {
 public:
  /// `expected` is the number of requests that are being answered: a batch does not wait for more
  /// than these. All references must outlive this.
  Batcher(ModelSlot& models,
          ServeMetrics& metrics,
          const BatchOptions& options,
          std::function<std::int64_t()> expected);
  /// Ends after all work that was asked for, and saves the streams' states.
  ~Batcher();
  Batcher(const Batcher&) = delete;
  Batcher& operator=(const Batcher&) = delete;

  /// Sets the items of the questions' answers. Waits for them; throws as Recommender.
  void answer(std::shared_ptr<ServedModel> model, std::vector<Question>& questions);
  /// Updates the streams of the present model with these events, in order. Waits for the answers.
  /// The model must read events.
  std::vector<Answer> answer_events(std::vector<Query> events);
  /// Runs `work` between two batches and waits for its end; throws what it throws.
  void run_alone(std::function<void()> work);

 private:
  enum class Kind { kQuestions, kEvents, kAlone };
  struct Job {
    Kind kind = Kind::kAlone;
    std::shared_ptr<ServedModel> model{};  // of questions
    std::vector<Question>* questions = nullptr;
    std::vector<Query> events{};
    std::vector<Answer> answers{};  // to the events
    std::function<void()> work{};
    std::chrono::steady_clock::time_point arrived{};
    std::exception_ptr failure{};
    std::binary_semaphore done{0};

    [[nodiscard]] std::size_t size() const {
      return kind == Kind::kQuestions ? questions->size() : events.size();
    }
  };
  // Shared with the waiting thread, which may go on before `done` has returned here.
  using Jobs = std::vector<std::shared_ptr<Job>>;

  void submit(const std::shared_ptr<Job>& job);
  void run();
  Jobs next_batch();
  void answer_batch(const Jobs& jobs);
  void answer_questions(const Jobs& jobs);
  void answer_event_batch(const Jobs& jobs);
  void save_if_due();

  ModelSlot& models_;
  ServeMetrics& metrics_;
  BatchOptions options_;
  std::function<std::int64_t()> expected_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::shared_ptr<Job>> jobs_;
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace elastic::cli
