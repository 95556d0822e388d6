// Recorded work: a CUDA graph; values that change between its runs are in device memory.
#include <utility>

#include "base/error.h"
#include "cuda/adam.h"
#include "cuda/recorded.h"
#include "cuda/runtime.h"

namespace elastic::cuda {
namespace {

class Graph final : public RecordedWork {
 public:
  explicit Graph(cudaGraph_t graph) {
    const cudaError_t status = cudaGraphInstantiate(&exec_, graph, 0);
    cudaGraphDestroy(graph);
    check(status, "record", "cudaGraphInstantiate");
  }
  ~Graph() override { cudaGraphExecDestroy(exec_); }
  Graph(const Graph&) = delete;
  Graph& operator=(const Graph&) = delete;

  void run(std::uint32_t steps_later, const AdamOptions& options) override {
    Runtime& device = runtime();
    upload_adam_scalars(options);
    device.set_steps_later(steps_later);
    ELASTIC_CUDA_CHECK("recorded work", cudaGraphLaunch(exec_, device.stream()));
    device.set_steps_later(0);
  }

 private:
  cudaGraphExec_t exec_ = nullptr;
};

}  // namespace

std::unique_ptr<RecordedWork> record_graph(const std::function<void()>& work) {
  Runtime& device = runtime();
  ELASTIC_CUDA_CHECK("record",
                     cudaStreamBeginCapture(device.stream(), cudaStreamCaptureModeThreadLocal));
  device.recording = true;
  cudaGraph_t graph = nullptr;
  try {
    work();
  } catch (...) {
    device.recording = false;
    cudaStreamEndCapture(device.stream(), &graph);
    if (graph != nullptr) {
      cudaGraphDestroy(graph);
    }
    cudaGetLastError();
    throw;
  }
  device.recording = false;
  ELASTIC_CUDA_CHECK("record", cudaStreamEndCapture(device.stream(), &graph));
  return std::make_unique<Graph>(graph);
}

}  // namespace elastic::cuda
