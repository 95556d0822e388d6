// The functions of a module that is compiled against one MPI: the binary links none, because their
// types and constants differ. C types only: the module may be built by another compiler.
#pragma once

#include <stddef.h>

extern "C" {

/// Functions return null, or the reason of a failure. One exchange is in progress at a time.
struct ElasticMpi {
  int version;  ///< kElasticMpiVersion of the module's build
  const char* (*library)();
  const char* (*start)(int* rank, int* size);
  /// Start an exchange as those of dist::Communicator, with the bytes of one rank's part.
  const char* (*all_to_all)(const void* send, void* received, size_t bytes);
  const char* (*all_gather)(const void* send, void* received, size_t bytes);
  /// Sets `done` once the exchange has ended.
  const char* (*test)(int* done);
  const char* (*finish)();
  void (*abort)(int code);
};

/// The only symbol of a module.
const ElasticMpi* elastic_mpi();
}

inline constexpr int kElasticMpiVersion = 1;
