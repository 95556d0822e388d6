#include "train/checkpoint_saver.h"

#include <algorithm>
#include <cstring>
#include <system_error>
#include <utility>

namespace elastic::train {
namespace {

constexpr std::size_t kCopyBytes = std::size_t{16} << 20;  // of a tensor, at most
constexpr std::int64_t kShareOfRows = 8;  // of a table's rows, those kept: bounds the memory

bool goes_to_background(const CheckpointContent& content) {
  std::size_t bytes = 0;
  for (const NamedTensor& item : content.tensors) {
    if (item.tensor.device() != Device::kCpu) {
      return false;
    }
    bytes += item.tensor.bytes();
  }
  return bytes >= background_bytes;
}

}  // namespace

CheckpointSaver::~CheckpointSaver() {
  if (in_progress()) {
    thread_.join();  // another error is on its way, which matters more than that of the file
  }
}

void CheckpointSaver::begin(const std::string& path, CheckpointContent content) {
  if (!goes_to_background(content)) {
    write_safetensors(path, content.tensors, content.metadata);
    return;
  }
  path_ = path;
  content_ = std::move(content);
  done_ = false;
  take_snapshot();
  try {
    thread_ = std::thread([this] { write(); });
  } catch (const std::system_error&) {  // the system has no more threads
    write();
    end();
  }
}

void CheckpointSaver::take_snapshot() {
  for (std::size_t i = 0; i < content_.tensors.size(); ++i) {
    Tensor& tensor = content_.tensors[i].tensor;
    const Changes changes = content_.changes[i];
    if (changes == Changes::kByItemUpdates) {
      live_.try_emplace(i, tensor, tensor.rows() / kShareOfRows);
    } else if (changes == Changes::kByUpdates && tensor.bytes() > kCopyBytes) {
      live_.try_emplace(i, tensor.reshape({1, tensor.numel()}), 0);
    } else if (changes != Changes::kNever) {
      tensor = clone(tensor, Memory::kWorkspace);
    }
  }
}

void CheckpointSaver::write() {
  const auto source = [this](
                          std::size_t index, std::int64_t begin, std::int64_t end, void* target) {
    if (const auto live = live_.find(index); live != live_.end()) {
      live->second.read(begin, end, target);
      return;
    }
    const Tensor& tensor = content_.tensors[index].tensor;
    const Tensor part = tensor.reshape({tensor.numel()}).slice(begin, end);
    std::memcpy(target, part.raw_data(), part.bytes());
  };
  try {
    write_safetensors(path_, content_.tensors, content_.metadata, source);
  } catch (...) {
    error_ = std::current_exception();
  }
  for (auto& [index, live] : live_) {
    live.close();
  }
  done_ = true;
}

void CheckpointSaver::finish() {
  if (in_progress()) {
    thread_.join();
    end();
  }
}

void CheckpointSaver::end() {
  live_.clear();
  content_ = {};
  if (error_) {
    std::rethrow_exception(std::exchange(error_, nullptr));
  }
}

void CheckpointSaver::before_update(const Tensor* item_rows) {
  for (auto& [index, live] : live_) {
    if (item_rows != nullptr && content_.changes[index] == Changes::kByItemUpdates) {
      live.before_change(
          {item_rows->data<std::int32_t>(), static_cast<std::size_t>(item_rows->numel())});
    } else {
      live.before_change();
    }
  }
}

}  // namespace elastic::train
