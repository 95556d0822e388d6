#include "train/run_identity.h"

#include "base/error.h"
#include "data/content_hash.h"

namespace elastic::train {

RunIdentity make_identity(const std::string& options,
                          const std::string& data_hash,
                          const std::string& items_hash) {
  data::ContentHash hash;
  hash.add(options);
  hash.add(data_hash);
  hash.add(items_hash);
  return {hash.hex(), items_hash, options};
}

void check_same_run(const std::string& path,
                    const std::string& found,
                    const std::string& expected) {
  if (!found.empty() && !expected.empty() && found != expected) {
    throw CheckpointError(
        path, ": belongs to another run (", found, "); data.json here is of the run ", expected);
  }
}

}  // namespace elastic::train
