#include "train/rank_agreement.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "base/error.h"

namespace elastic::train {

Requests agree(dist::Communicator& ranks, const Requests& mine) {
  const std::int64_t values[]{mine.stop, mine.save ? 1 : 0, mine.out_of_time ? 1 : 0};
  const std::vector<std::int64_t> all = dist::gather(ranks, values);
  Requests agreed;
  for (std::size_t i = 0; i < all.size(); i += std::size(values)) {
    agreed.stop = std::max(agreed.stop, static_cast<int>(all[i]));
    agreed.save = agreed.save || all[i + 1] != 0;
    agreed.out_of_time = agreed.out_of_time || all[i + 2] != 0;
  }
  return agreed;
}

void require_same_state(dist::Communicator& ranks,
                        const TrainState& state,
                        const std::string& path) {
  ranks.describe("comparison of the checkpoints");
  const std::int64_t values[]{state.num_steps, state.num_tokens};
  const std::vector<std::int64_t> all = dist::gather(ranks, values);
  for (std::size_t i = 0; i < all.size(); i += std::size(values)) {
    if (all[i] != all[0] || all[i + 1] != all[1]) {
      throw CheckpointError(path,
                            ": process ",
                            i / std::size(values),
                            " has read a state after ",
                            all[i],
                            " steps, process 0 one after ",
                            all[0],
                            "; all processes must see the same files");
    }
  }
}

}  // namespace elastic::train
