// Ranks as threads of the test, with exchanges in memory. One works at a time, until it waits for
// the others: kernels share scratch memory.
#pragma once

#include <algorithm>
#include <barrier>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "dist/communicator.h"

namespace elastic::dist {

class ThreadGroup {
 public:
  explicit ThreadGroup(int size)
      : size_(size), gate_(size), sends_(static_cast<std::size_t>(size)) {}

  /// Calls `work` in a thread for each rank.
  void run(const std::function<void(Communicator&)>& work) {
    std::vector<std::thread> threads;
    for (int rank = 0; rank < size_; ++rank) {
      threads.emplace_back([this, rank, &work] {
        const std::lock_guard turn(turn_);
        Member member(*this, rank);
        work(member);
      });
    }
    for (std::thread& thread : threads) {
      thread.join();
    }
  }

 private:
  class Member : public Communicator {
   public:
    Member(ThreadGroup& group, int rank) : group_(group), rank_(rank) {}
    [[nodiscard]] int rank() const override { return rank_; }
    [[nodiscard]] int size() const override { return group_.size_; }
    void describe(const std::string& /*work*/) override {}
    void barrier() override {
      group_.turn_.unlock();
      group_.gate_.arrive_and_wait();
      group_.turn_.lock();
    }
    void all_to_all(std::span<const std::byte> send, std::span<std::byte> received) override {
      exchange(
          send, received, static_cast<std::size_t>(rank_) * (send.size() / group_.sends_.size()));
    }
    void all_gather(std::span<const std::byte> send, std::span<std::byte> received) override {
      exchange(send, received, 0);
    }

   private:
    // Copies the part of each rank that begins at `offset`.
    void exchange(std::span<const std::byte> send,
                  std::span<std::byte> received,
                  std::size_t offset) {
      group_.sends_[static_cast<std::size_t>(rank_)] = send;
      barrier();
      const std::size_t part = received.size() / group_.sends_.size();
      for (std::size_t from = 0; from < group_.sends_.size(); ++from) {
        const auto slice = group_.sends_[from].subspan(offset, part);
        std::copy(slice.begin(),
                  slice.end(),
                  received.begin() + static_cast<std::ptrdiff_t>(from * part));
      }
      barrier();
    }

    ThreadGroup& group_;
    int rank_;
  };

  int size_;
  std::mutex turn_;
  std::barrier<> gate_;
  std::vector<std::span<const std::byte>> sends_;
};

}  // namespace elastic::dist
