// The description of the routes for programs: OpenAPI 3.
#pragma once

#include <string>

namespace elastic::cli {

/// The JSON document of GET /openapi.json.
std::string openapi_text();

}  // namespace elastic::cli
