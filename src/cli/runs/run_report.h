// A run as a page: curves, result, options with their sources, data and build.
#pragma once

#include <string>

namespace elastic::cli {

/// The page in HTML, from the files of the run directory; parts whose file does not exist yet are
/// omitted. Throws CheckpointError that names the file if the run has no config.json or a file is
/// not as `train` writes it.
std::string run_report(const std::string& run);

/// Writes the page to RUN/report.html and returns that path.
std::string write_run_report(const std::string& run);

}  // namespace elastic::cli
