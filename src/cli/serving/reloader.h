// Loads a new model beside the one that answers, on a thread of its own.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace elastic::cli {

class Reloader {
 public:
  /// `load` loads the model and switches to it, or throws. `report` is called with the reason of
  /// each failure, "" after success.
  Reloader(std::function<void()> load, std::function<void(const std::string&)> report);
  /// Waits for the present load.
  ~Reloader();
  Reloader(const Reloader&) = delete;
  Reloader& operator=(const Reloader&) = delete;

  /// Asks for a load that begins after this call. Requests that wait meanwhile share it.
  void request();
  /// The same, and waits for its end. Returns the reason of a failure, else "".
  std::string request_and_wait();

 private:
  void run();

  std::function<void()> load_;
  std::function<void(const std::string&)> report_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint64_t requested_ = 0;  // number of requests
  std::uint64_t done_ = 0;       // the latest request that a load has covered
  std::string failure_;          // of the latest load
  bool is_ending_ = false;
  std::thread thread_;
};

}  // namespace elastic::cli
