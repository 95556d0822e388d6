// Built once for each MPI, as elastic-openmpi.so and elastic-mpich.so.
#define OMPI_SKIP_MPICXX 1
#define MPICH_SKIP_MPICXX 1
#include <mpi.h>

#include "dist/mpi_functions.h"

namespace {

char message[MPI_MAX_ERROR_STRING + 1];
char version[MPI_MAX_LIBRARY_VERSION_STRING + 1];
MPI_Request request = MPI_REQUEST_NULL;

const char* reason(int code) {
  if (code == MPI_SUCCESS) {
    return nullptr;
  }
  int length = 0;
  MPI_Error_string(code, message, &length);
  message[length] = '\0';
  return message;
}

const char* library() {
  int length = 0;
  MPI_Get_library_version(version, &length);
  version[length] = '\0';
  return version;
}

const char* start(int* rank, int* size) {
  int provided = 0;
  // Other threads save and compute, but make no calls.
  if (const char* error =
          reason(MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided))) {
    return error;
  }
  MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN);
  if (const char* error = reason(MPI_Comm_rank(MPI_COMM_WORLD, rank))) {
    return error;
  }
  return reason(MPI_Comm_size(MPI_COMM_WORLD, size));
}

const char* all_to_all(const void* send, void* received, size_t bytes) {
  const int count = static_cast<int>(bytes);
  return reason(
      MPI_Ialltoall(send, count, MPI_BYTE, received, count, MPI_BYTE, MPI_COMM_WORLD, &request));
}

const char* all_gather(const void* send, void* received, size_t bytes) {
  const int count = static_cast<int>(bytes);
  return reason(
      MPI_Iallgather(send, count, MPI_BYTE, received, count, MPI_BYTE, MPI_COMM_WORLD, &request));
}

const char* test(int* done) {
  return reason(MPI_Test(&request, done, MPI_STATUS_IGNORE));
}

const char* finish() {
  return reason(MPI_Finalize());
}

void abort(int code) {
  MPI_Abort(MPI_COMM_WORLD, code);
}

constexpr ElasticMpi kFunctions{
    kElasticMpiVersion, library, start, all_to_all, all_gather, test, finish, abort};

}  // namespace

extern "C" __attribute__((visibility("default"))) const ElasticMpi* elastic_mpi() {
  return &kFunctions;
}
