#include "profile/setting.h"

#include "tensor/backend.h"
#include "tensor/threads.h"

namespace elastic::profile {

void apply(const Setting& setting, Device device) {
  if (setting.threads) {
    set_num_threads(*setting.threads);
  }
  if (setting.precision) {
    backend_for(device).set_precision(*setting.precision);
  }
}

}  // namespace elastic::profile
