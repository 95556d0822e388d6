#include "cli/serving/routes.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "base/error.h"
#include "cli/output/build_info.h"
#include "cli/serving/asked_body.h"
#include "cli/serving/openapi.h"
#include "data/json_document.h"

namespace elastic::cli {
namespace {

constexpr std::array<Route, 6> kRoutes{{{"/predict", "POST"},
                                        {"/events", "POST"},
                                        {"/reload", "POST"},
                                        {"/health", "GET"},
                                        {"/metrics", "GET"},
                                        {"/openapi.json", "GET"}}};

const Route* find_route(const std::string& path) {
  const auto* found = std::find_if(
      kRoutes.begin(), kRoutes.end(), [&](const Route& route) { return route.path == path; });
  return found == kRoutes.end() ? nullptr : found;
}

std::string json_body(const nlohmann::ordered_json& value) {
  return data::json_text(value) + "\n";
}

}  // namespace

std::span<const Route> all_routes() {
  return kRoutes;
}

HttpReply Routes::answer(const HttpRequest& request) {
  const auto begin = std::chrono::steady_clock::now();
  HttpReply reply;
  try {
    reply = choose(request);
  } catch (const DataError& error) {
    reply = error_reply(400, error.what());
  } catch (const std::exception& error) {
    reply = error_reply(500, error.what());
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  const Route* route = find_route(request.path);
  metrics_.add_request(
      route == nullptr ? "other" : std::string(route->path), reply.status, time.count());
  return reply;
}

HttpReply Routes::choose(const HttpRequest& request) {
  const std::string& path = request.path;
  if (path != "/health" && !token_.allows(request.authorization)) {
    HttpReply reply = error_reply(401, "expected the header Authorization: Bearer TOKEN");
    reply.challenge = "Bearer";
    return reply;
  }
  const Route* route = find_route(path);
  if (route == nullptr) {
    return error_reply(404, "there is no " + path + "; see /openapi.json");
  }
  const bool is_get = request.method == "GET" || request.method == "HEAD";
  if (is_get ? route->method != "GET" : route->method != request.method) {
    HttpReply reply = error_reply(405, concat(path, ": expected ", route->method));
    reply.allow = route->method;
    return reply;
  }
  if (path == "/predict") {
    return predict(request.body);
  }
  if (path == "/events") {
    return events(request.body);
  }
  if (path == "/reload") {
    return reload();
  }
  if (path == "/health") {
    return health();
  }
  if (path == "/metrics") {
    return {.body = metrics_.text(http_, *models_.current()),
            .type = "text/plain; version=0.0.4; charset=utf-8"};
  }
  return {.body = openapi_text()};
}

HttpReply Routes::predict(const std::string& body) {
  const std::shared_ptr<ServedModel> model = models_.current();
  QueryParser parser = model->make_parser(PlainLine::kAny);
  const AskedBody asked = read_body(body, parser);
  std::vector<Question> questions;
  for (const Query& query : asked.queries) {
    questions.push_back(make_question(query, model->recommender(), model->users()));
    if (model->fallback() != nullptr) {
      model->fallback()->answer(questions.back());
    }
  }
  const auto answerable = std::count_if(
      questions.begin(), questions.end(), [](const Question& one) { return one.has_answer(); });
  const bool asks_model = std::any_of(
      questions.begin(), questions.end(), [](const Question& one) { return one.asks_model(); });
  if (asks_model) {
    batcher_.answer(model, questions);
  }
  std::vector<const Answer*> answers;
  for (const Question& question : questions) {
    answers.push_back(&question.answer);
    metrics_.unknown_ids += question.answer.unknown + question.answer.unknown_candidates;
  }
  metrics_.questions += std::ssize(questions);
  metrics_.unanswered += std::ssize(questions) - answerable;
  return reply_in_form(asked, answers);
}

HttpReply Routes::events(const std::string& body) {
  const std::shared_ptr<ServedModel> model = models_.current();
  if (model->events() == nullptr) {
    return error_reply(404,
                       "the model reads no events; they need elastic-causal, fuxi-linear or gsa "
                       "with --position none");
  }
  QueryParser parser = model->make_parser(PlainLine::kEvent);
  const AskedBody asked = read_body(body, parser);
  const std::vector<Answer> answers = batcher_.answer_events(asked.queries);
  std::vector<const Answer*> in_order;
  for (const Answer& answer : answers) {
    in_order.push_back(&answer);
    metrics_.unknown_ids += answer.unknown;
    metrics_.unanswered += answer.error.empty() ? 0 : 1;
  }
  metrics_.events += std::ssize(answers);
  return reply_in_form(asked, in_order);
}

HttpReply Routes::reload() {
  const std::string failure = reloader_.request_and_wait();
  if (!failure.empty()) {
    return error_reply(422, failure + "; the former model goes on");
  }
  return health();
}

HttpReply Routes::health() const {
  const std::shared_ptr<ServedModel> model = models_.current();
  const bool ends = is_draining_;
  return {.status = ends ? 503 : 200,
          .body = json_body({{"status", ends ? "stopping" : "ok"},
                             {"model", model->recommender().config().model},
                             {"hash", model->hash()},
                             {"items", model->recommender().config().num_items},
                             {"events", model->events() != nullptr},
                             {"version", version()}})};
}

}  // namespace elastic::cli
