#include "cli/application.h"

#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <new>
#include <nlohmann/json.hpp>
#include <thread>
#include <vector>

#include "base/error.h"
#include "cli/output/output.h"
#include "cli/output/terminal.h"
#include "cli/usage/argument_parser.h"
#include "cli/usage/command.h"
#include "dist/launcher.h"
#include "dist/mpi_group.h"

namespace elastic::cli {
namespace {

// The launch, or none if its variables are unusable, which is reported already.
dist::Launch known_launch() {
  try {
    return dist::this_launch();
  } catch (const Error&) {
    return {};
  }
}

int report(const std::string& message, ExitCode code) {
  const dist::Launch launch = known_launch();
  if (launch.is_first()) {
    print_error(message);
  } else {
    // An error of all processes is reported once: the first one then ends the others.
    std::this_thread::sleep_for(std::chrono::seconds(1));
    print_error(concat("rank ", launch.rank, " of ", launch.size, ": ", message));
  }
  dist::abort_group(static_cast<int>(code));
  return static_cast<int>(code);
}

int run_command(const BoundCommand& chosen) {
  const dist::Launch launch = dist::this_launch();
  if (!chosen.command->runs_on_all_ranks() && !launch.is_first()) {
    // Not in silence: a job that meant one command for each process would get nothing from most.
    print_error(concat("rank ",
                       launch.rank,
                       " of ",
                       launch.size,
                       ": ends at once; ",
                       chosen.command->name(),
                       " works in the first process of ",
                       launch.launcher,
                       " alone"));
    return 0;
  }
  return chosen.command->run(chosen.table);
}

}  // namespace

std::vector<std::unique_ptr<Command>> make_all_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_train_command());
  commands.push_back(make_sweep_command());
  commands.push_back(make_eval_command());
  commands.push_back(make_compare_command());
  commands.push_back(make_predict_command());
  commands.push_back(make_serve_command());
  commands.push_back(make_profile_command());
  commands.push_back(make_report_command());
  commands.push_back(make_data_command());
  commands.push_back(make_models_command());
  commands.push_back(make_completion_command());
  commands.push_back(make_man_command());
  return commands;
}

int run_application(int argc, const char* const* argv, const char* const* environment) {
  // A write to a closed pipe or beyond `ulimit -f` then fails with an error instead of a signal.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  try {
    ArgumentParser parser;
    BoundCommand* chosen = parser.parse(argc, argv, environment);
    return chosen == nullptr ? 0 : run_command(*chosen);
  } catch (const BrokenPipe&) {
    return 0;
  } catch (const NoCommand& missing) {
    const int code = report("which command?", ExitCode::kUsage);
    std::fprintf(stderr, "\n%s\n", missing.help.c_str());
    return code;
  } catch (const Error& error) {
    return report(error.what(), error.code());
  } catch (const std::filesystem::filesystem_error& error) {
    return report(concat(error.path1().string(), ": cannot be read: ", error.code().message()),
                  ExitCode::kFailure);
  } catch (const nlohmann::json::exception&) {
    return report("a JSON file has another content than expected", ExitCode::kCheckpoint);
  } catch (const std::bad_alloc&) {
    return report("out of memory", ExitCode::kOutOfMemory);
  } catch (const std::exception& error) {
    return report(error.what(), ExitCode::kFailure);
  }
}

}  // namespace elastic::cli
