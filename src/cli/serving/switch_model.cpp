#include "cli/serving/switch_model.h"

#include <memory>

namespace elastic::cli {

void switch_model(const ModelSource& source, ModelSlot& models, Batcher& batcher) {
  const std::shared_ptr<ServedModel> present = models.current();
  const auto next = std::make_shared<ServedModel>(source);
  if (present->users().is_read()) {
    next->users().read();  // a question about a user would wait for it
  }
  batcher.run_alone([&] {
    next->check_answers();
    next->open_events(present.get());
    models.replace(next);
  });
}

}  // namespace elastic::cli
