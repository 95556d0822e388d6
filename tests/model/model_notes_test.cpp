#include "model/model_notes.h"

#include <doctest/doctest.h>

#include "model/registry.h"

namespace elastic {
namespace {

TEST_CASE("model notes: every model has a mixer, a cost and a source") {
  for (const std::string& model : model_names()) {
    CAPTURE(model);
    const ModelNotes notes = notes_on(model);
    CHECK(std::string(notes.mixer) != "");
    CHECK(std::string(notes.cost).substr(0, 2) == "O(");
    CHECK(std::string(notes.source) != "");
  }
  CHECK(std::string(notes_on("none").mixer).empty());
}

}  // namespace
}  // namespace elastic
