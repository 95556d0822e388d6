// The loaded run, input and output of a call of `predict`, shared by its modes.
#pragma once

#include <string>

#include "cli/asking/answer_writer.h"
#include "cli/asking/known_users.h"
#include "cli/asking/query.h"
#include "cli/asking/recommender.h"
#include "cli/output/output.h"
#include "cli/runs/run_data.h"

namespace elastic::cli {

struct PredictCall {
  const std::string& run;    ///< the run directory
  const std::string& input;  ///< a question or an event per line; "-" is standard input
  bool has_input;            ///< named on the command line
  QueryParser& parser;       ///< of the lines of the input
  Recommender& recommender;
  KnownUsers& known_users;
  AnswerWriter& writer;
  Output& output;
  Notes note;  ///< ignores an empty text
};

}  // namespace elastic::cli
