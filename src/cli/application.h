// The command line as a whole: parse, run the subcommand, turn errors into exit codes.
#pragma once

namespace elastic::cli {

/// Runs the tool. Returns the exit code for `main`: an ExitCode, or 128 + N after signal N.
int run_application(int argc, const char* const* argv, const char* const* environment);

}  // namespace elastic::cli
