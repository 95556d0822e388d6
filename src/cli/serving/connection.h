// One client's connection: the bytes received and to be sent, and its deadline.
#pragma once

#include <chrono>
#include <string>

#include "base/descriptor.h"
#include "cli/serving/request_frame.h"

namespace elastic::cli {

struct Connection {
  using Clock = std::chrono::steady_clock;
  enum class State {
    kIdle,       ///< no byte of the next request has arrived
    kReading,    ///< a request is arriving
    kBusy,       ///< its request is being answered; only the worker may touch it
    kWriting,    ///< a reply is being sent
    kLingering,  ///< the reply to a refusal is sent; what the client still sends is dropped
  };

  enum class Progress { kDone, kBlocked, kFailed };

  explicit Connection(int socket_descriptor) { socket.reset(socket_descriptor); }

  /// Reads what has arrived into `input`, at most `limit` bytes. kDone: the client has closed its
  /// end, or the limit is reached; kBlocked: all was read; kFailed: the connection is lost.
  Progress receive(std::size_t limit);
  /// Sends `output` from `sent` on, without waiting.
  Progress send();
  /// Reads and drops what has arrived; results as receive.
  Progress discard();

  Descriptor socket;
  State state = State::kIdle;
  std::string input;
  RequestFrame frame;  ///< of the request at the start of `input`, once its header has arrived
  std::string output;
  std::size_t sent = 0;
  bool has_ended = false;        ///< the client sends no more
  bool close_when_sent = false;  ///< end the connection after `output`
  bool linger = false;           ///< then drop what still arrives, so that the reply is not lost
  Clock::time_point since;       ///< the beginning of the state
};

}  // namespace elastic::cli
