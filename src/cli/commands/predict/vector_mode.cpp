#include "cli/commands/predict/vector_mode.h"

#include "base/error.h"
#include "cli/asking/embedding_export.h"
#include "cli/asking/line_reader.h"
#include "cli/asking/questions.h"
#include "cli/options/option_conflicts.h"

namespace elastic::cli {

void VectorMode::declare(OptionTable& table) {
  table.begin_group("Vectors, instead of answers");
  table.add("embeddings", &embeddings_, "").flag_only("OF");
  table
      .add("out",
           &out_,
           "write the vectors to this .npy file, their ids to the same name with .ids.txt")
      .flag_only("FILE");
}

void VectorMode::check(const OptionTable& table, const std::string& input) const {
  if (chosen() == out_.empty()) {
    throw UsageError("--embeddings items|users and --out FILE.npy go together");
  }
  if (!chosen()) {
    return;
  }
  refuse_flags(table,
               "--embeddings",
               {"similar",
                "candidates",
                "exclude",
                "fallback",
                "explain",
                "top_k",
                "filter_seen",
                "output",
                "json"});
  if (embeddings_ == Embeddings::kItems && table.find("input").is_set()) {
    throw UsageError("--embeddings items takes no questions; leave out ", input);
  }
}

int VectorMode::run(PredictCall& call) const {
  EmbeddingExport out(out_, call.recommender);
  std::string remark;
  if (embeddings_ == Embeddings::kItems) {
    out.add_items();
  } else if (!call.has_input) {
    out.add_users(call.known_users, call.note);
  } else {
    LineReader reader(call.input);
    Questions questions(reader, call.parser, call.recommender, call.known_users);
    questions.for_each_batch(
        [&](const Questions::Batch& batch) { out.add_questions(batch, call.note); });
    remark = questions.finish();
  }
  out.commit();
  call.note(remark);
  call.note(out.summary());
  return 0;
}

}  // namespace elastic::cli
