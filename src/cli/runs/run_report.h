// A run as a page: curves, result, options with what set them, data and build.
#pragma once

#include <string>

namespace elastic::cli {

/// From the files of the run directory; what is not there yet is left out. Throws CheckpointError
/// naming the file if the run has no config.json or a file is not as `train` writes it.
std::string run_report(const std::string& run);

/// Writes it to RUN/report.html, whose path it returns.
std::string write_run_report(const std::string& run);

}  // namespace elastic::cli
