#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <memory>
#include <optional>
#include <utility>

#include "base/error.h"
#include "cli/asking/recommender.h"
#include "cli/options/session_options.h"
#include "cli/output/output.h"
#include "cli/output/progress_line.h"
#include "cli/runs/histories.h"
#include "cli/runs/run_list.h"
#include "cli/runs/run_rules.h"
#include "cli/serving/access_token.h"
#include "cli/serving/batcher.h"
#include "cli/serving/http_server.h"
#include "cli/serving/listen_socket.h"
#include "cli/serving/model_slot.h"
#include "cli/serving/reloader.h"
#include "cli/serving/routes.h"
#include "cli/serving/serve_metrics.h"
#include "cli/serving/serve_signals.h"
#include "cli/serving/served_model.h"
#include "cli/serving/switch_model.h"
#include "cli/usage/command.h"
#include "tensor/threads.h"

namespace elastic::cli {
namespace {

constexpr const char* kServeDescription = R"(answer questions and events over HTTP

  elastic serve runs/first --port 8080
  curl -d '{"history": ["50", "181"]}' http://127.0.0.1:8080/predict
  curl http://127.0.0.1:8080/metrics
  kill -HUP $(pidof elastic)

POST /predict takes the questions of `elastic predict` as an object, an array, or JSON lines, and
gives the same answers. POST /events adds events to the streams of users and answers each, for
models that read streams (see `elastic predict --help`). POST /reload, or SIGHUP, loads the model
that is now in RUN beside the present one and switches to it between two requests; a model that
cannot be used is refused. GET /health, /metrics (Prometheus) and /openapi.json describe the server.

Prints its address to standard output once it answers. Listens on this machine only, unless --host
says otherwise; requests from elsewhere should need a token (--token-file), and a proxy that speaks
HTTPS. SIGTERM and Ctrl-C end it once the requests in progress are answered.)";

class ServeCommand : public Command {
 public:
  [[nodiscard]] std::string name() const override { return "serve"; }
  [[nodiscard]] std::string description() const override { return kServeDescription; }
  void declare(OptionTable& table) override;
  std::optional<ConfigLayer> config_layer() override {
    return run_rules_layer(runs_.first(), {"filter_seen"});
  }
  int run(const OptionTable& table) override;

 private:
  void declare_limits(OptionTable& table);
  void declare_answers(OptionTable& table);
  void note(const std::string& text) const {  // on any thread
    if (!text.empty()) {
      ProgressLine(session_.quiet).message(text);
    }
  }
  void on_signal(int signal, HttpServer& server, Reloader& reloader) const;
  // Notes that the server cannot be reached, or by too many.
  void warn_of_host(const HttpServer& server, const AccessToken& token) const;

  RunList runs_;
  std::string host_ = "127.0.0.1";
  std::int64_t port_ = 8080;
  std::string token_file_;
  HttpLimits limits_;
  BatchOptions batches_;
  RecommendOptions options_;
  DataPlace place_;
  ItemLists lists_;
  NewItems new_items_;
  Fallback fallback_ = Fallback::kNone;
  bool events_ = true;
  bool from_data_ = false;
  SessionOptions session_;
};

void ServeCommand::declare(OptionTable& table) {
  runs_.declare(table);
  table.begin_group("Listening");
  table.add("host", &host_, "address to listen on; 0.0.0.0 or :: for all of the machine")
      .session("ADDRESS");
  table.add("port", &port_, "port to listen on; 0: any free one")
      .within(Range{.low = 0, .high = 65535})
      .session();
  table.add("token_file", &token_file_, "file of a secret that clients send as a Bearer token")
      .session("FILE");
  declare_limits(table);
  declare_answers(table);
  declare_session(table, session_);
  table.find("threads").help = "CPU threads that compute answers; 0: half of the cores";
}

void ServeCommand::declare_limits(OptionTable& table) {
  table.begin_group("Limits");
  table.add("max_body_bytes", &limits_.max_body_bytes, "refuse longer bodies with status 413")
      .within(Range{.low = 1, .high = std::int64_t{1} << 30})
      .session();
  table
      .add("max_connections",
           &limits_.max_connections,
           "open connections; further ones close the one that is idle longest, or are refused")
      .within(Range{.low = 1, .high = 100'000})
      .session();
  table.add("max_requests", &limits_.max_requests, "requests answered at once; further ones wait")
      .within(Range{.low = 1, .high = 1024})
      .session();
  table
      .add("timeout_s",
           &limits_.timeout_s,
           "seconds for a request to arrive, for its reply to be read, and for the end")
      .within(RealRange{.low = 0.1, .high = 3600.0})
      .session();
  table.add("idle_s", &limits_.idle_s, "seconds that a connection may wait for its next request")
      .within(RealRange{.low = 0.1, .high = 86400.0})
      .session();
}

void ServeCommand::declare_answers(OptionTable& table) {
  table.begin_group("Answers");
  table
      .add("batch_wait_us",
           &batches_.batch_wait_us,
           "microseconds that a question waits for others in progress to be answered with it")
      .within(Range{.low = 0, .high = 1'000'000})
      .session();
  table.add("top_k", &options_.top_k, "items per answer")
      .within(counts_from(1))
      .session()
      .letter('k');
  take_from_run(
      table.add("filter_seen", &options_.filter_seen, "leave out the items of the history"));
  lists_.declare(table);
  new_items_.declare(table);
  table
      .add("fallback",
           &fallback_,
           "the answer to an unknown user, an empty history, or one without a known item")
      .flag_only();
  declare_histories(table, place_);
  table.begin_group("Events");
  table.add("events", &events_, "accept events, if the model reads streams; locks the run")
      .session();
  table
      .add("from_data",
           &from_data_,
           "start users who are new to the stream with their events in the data")
      .flag_only();
  table.add("save_every_s", &batches_.save_every_s, "seconds between saves of the users' states")
      .within(kSeconds)
      .flag_only();
}

int ServeCommand::run(const OptionTable& table) {
  ServeSignals signals;  // first: threads block what their maker blocks
  const AccessToken token = token_file_.empty() ? AccessToken() : AccessToken(token_file_);
  if (session_.threads == 0) {
    // The others read and write the connections. With all of them, the threads of a pass wait for
    // each other: two cores answered 0.7 to 0.9 times as many requests.
    session_.threads = std::max(1, num_threads() / 2);
  }
  const Device device = start_session(session_);
  batches_.threads = session_.threads;
  new_items_.check(runs_);
  const Notes notes = [this](const std::string& text) { note(text); };
  const ModelSource source{
      .runs = runs_,
      .place = place_,
      .options = options_,
      .keep_filter_seen = is_set_by_call(table.find("filter_seen"), runs_.first()),
      .notes = notes,
      .lists = lists_,
      .new_items = new_items_,
      .device = device,
      .events = events_,
      .fallback = fallback_,
      .from_data = from_data_};
  auto first = std::make_shared<ServedModel>(source);
  first->open_events(nullptr);

  ModelSlot models(std::move(first));
  ServeMetrics metrics;
  Routes* routes = nullptr;
  HttpServer server(host_, static_cast<int>(port_), limits_, [&routes](const HttpRequest& request) {
    return routes->answer(request);
  });
  Batcher batcher(
      models, metrics, batches_, [&server] { return server.counts().in_progress.load(); });
  batcher.run_alone([&] { models.current()->check_answers(); });
  Reloader reloader([&] { switch_model(source, models, batcher); },
                    [&](const std::string& failure) {
                      metrics.add_reload(failure.empty());
                      note(failure.empty() ? "reloaded: model " + models.current()->hash()
                                           : "not reloaded: " + failure);
                    });
  Routes all(models, batcher, reloader, metrics, server.counts(), server.is_draining(), token);
  routes = &all;
  warn_of_host(server, token);
  server.watch(signals.descriptor(), [&] {
    for (int signal = signals.next(); signal != 0; signal = signals.next()) {
      on_signal(signal, server, reloader);
    }
  });
  print("http://" + address_of(server.listen_socket()) + "\n");
  server.run();
  return 0;
}

void ServeCommand::on_signal(int signal, HttpServer& server, Reloader& reloader) const {
  if (signal == SIGHUP) {
    reloader.request();
  } else if (server.is_draining()) {
    _exit(128 + signal);
  } else {
    note("stopping: answering the requests in progress");
    server.drain();
  }
}

void ServeCommand::warn_of_host(const HttpServer& server, const AccessToken& token) const {
  if (!is_loopback(server.listen_socket()) && !token.is_set()) {
    note("warning: other machines may ask and reload without a token; see --token-file");
  }
}

}  // namespace

std::unique_ptr<Command> make_serve_command() {
  return std::make_unique<ServeCommand>();
}

}  // namespace elastic::cli
