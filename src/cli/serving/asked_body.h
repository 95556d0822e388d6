// The body of POST /predict or /events as queries, and their answers as the body of the reply.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "cli/asking/answer_writer.h"
#include "cli/asking/query.h"
#include "cli/serving/body_texts.h"
#include "cli/serving/http_message.h"

namespace elastic::cli {

struct AskedBody {
  BodyForm form = BodyForm::kLines;
  std::vector<Query> queries;
};

/// Reads a body with the parser of `predict`. The line of a query is the number of its value in an
/// array, or of its line. Throws DataError for a body without a question, and for an array that
/// does not end; an invalid question becomes a query with an error.
AskedBody read_body(const std::string& body, QueryParser& parser);

/// The answers in the form of the questions: an object, an array, or a line each. The reply to an
/// object that could not be understood has the status 400.
HttpReply reply_in_form(const AskedBody& asked, std::span<const Answer* const> answers);

}  // namespace elastic::cli
