#include "cli/serving/reloader.h"

#include <exception>
#include <utility>

namespace elastic::cli {

Reloader::Reloader(std::function<void()> load, std::function<void(const std::string&)> report)
    : load_(std::move(load)), report_(std::move(report)), thread_([this] { run(); }) {}

Reloader::~Reloader() {
  {
    const std::scoped_lock lock(mutex_);
    is_ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Reloader::request() {
  {
    const std::scoped_lock lock(mutex_);
    ++requested_;
  }
  changed_.notify_all();
}

std::string Reloader::request_and_wait() {
  std::unique_lock lock(mutex_);
  const std::uint64_t ticket = ++requested_;
  changed_.notify_all();
  changed_.wait(lock, [&] { return done_ >= ticket || is_ending_; });
  return done_ >= ticket ? failure_ : "the server is stopping";
}

void Reloader::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return is_ending_ || requested_ > done_; });
    if (is_ending_) {
      return;
    }
    const std::uint64_t ticket = requested_;
    lock.unlock();
    std::string failure;
    try {
      load_();
    } catch (const std::exception& error) {
      failure = error.what();
    }
    report_(failure);
    lock.lock();
    failure_ = failure;
    done_ = ticket;
    changed_.notify_all();
  }
}

}  // namespace elastic::cli
