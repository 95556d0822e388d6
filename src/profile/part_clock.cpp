#include "profile/part_clock.h"

#include "tensor/backend.h"

namespace elastic::profile {

PartClock::PartClock(Device device, Clock::time_point origin) : device_(device), origin_(origin) {}

void PartClock::begin(const char* name) {
  end();
  parts_.push_back({name, now(), 0.0});
  open_ = true;
}

void PartClock::end() {
  if (open_) {
    parts_.back().seconds = now() - parts_.back().begin;
    open_ = false;
  }
}

double PartClock::now() const {
  backend_for(device_).synchronize();
  return std::chrono::duration<double>(Clock::now() - origin_).count();
}

}  // namespace elastic::profile
