// A line about each model, for people who choose one.
#pragma once

#include <string>

namespace elastic {

struct ModelNotes {
  const char* mixer = "";   ///< the layer that mixes the tokens of a history
  const char* cost = "";    ///< of a layer for n tokens; k experts, window w, W codewords
  const char* source = "";  ///< the publication
};

/// The notes on a model of `model_names()`; empty texts for others. docs/models.md says more.
ModelNotes notes_on(const std::string& model);

}  // namespace elastic
