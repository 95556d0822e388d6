#include "profile/part_clock.h"

#include "tensor/backend.h"

namespace elastic::profile {

void PartClock::begin(const char* name) {
  end();
  parts_.push_back({name, 0.0});
  begin_ = now();
  open_ = true;
}

void PartClock::end() {
  if (open_) {
    parts_.back().seconds = std::chrono::duration<double>(now() - begin_).count();
    open_ = false;
  }
}

PartClock::Clock::time_point PartClock::now() const {
  backend_for(device_).synchronize();
  return Clock::now();
}

}  // namespace elastic::profile
