#include "cli/serving/openapi.h"

#include <nlohmann/json.hpp>

#include "cli/output/build_info.h"

namespace elastic::cli {
namespace {

// Schemas and paths. `Question` and `Answer` are those of `elastic predict`: docs/predict.md.
constexpr const char* kDocument = R"({
"openapi": "3.0.3",
"info": {"title": "elastic serve", "description": "Recommendations by a trained run."},
"paths": {
  "/predict": {"post": {
    "summary": "Recommend items for histories, known users or items",
    "requestBody": {"required": true, "content": {
      "application/json": {"schema": {"oneOf": [
        {"$ref": "#/components/schemas/Question"},
        {"type": "array", "items": {"$ref": "#/components/schemas/Question"}}]}},
      "application/x-ndjson": {"schema": {"type": "string"}}}},
    "responses": {
      "200": {"description": "An answer to each question, in the form of the body", "content": {
        "application/json": {"schema": {"oneOf": [
          {"$ref": "#/components/schemas/Answer"},
          {"type": "array", "items": {"$ref": "#/components/schemas/Answer"}}]}},
        "application/x-ndjson": {"schema": {"type": "string"}}}},
      "400": {"$ref": "#/components/responses/Error"},
      "401": {"$ref": "#/components/responses/Error"},
      "413": {"$ref": "#/components/responses/Error"}}}},
  "/events": {"post": {
    "summary": "Add events to the streams of users, in order, and answer each",
    "requestBody": {"required": true, "content": {
      "application/json": {"schema": {"oneOf": [
        {"$ref": "#/components/schemas/Event"},
        {"type": "array", "items": {"$ref": "#/components/schemas/Event"}}]}},
      "application/x-ndjson": {"schema": {"type": "string"}}}},
    "responses": {
      "200": {"description": "An answer to each event, in the form of the body", "content": {
        "application/json": {"schema": {"oneOf": [
          {"$ref": "#/components/schemas/Answer"},
          {"type": "array", "items": {"$ref": "#/components/schemas/Answer"}}]}}}},
      "400": {"$ref": "#/components/responses/Error"},
      "401": {"$ref": "#/components/responses/Error"},
      "404": {"$ref": "#/components/responses/Error"}}}},
  "/reload": {"post": {
    "summary": "Load the model that is now in the run and switch to it",
    "responses": {
      "200": {"description": "The new model answers", "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}},
      "401": {"$ref": "#/components/responses/Error"},
      "422": {"$ref": "#/components/responses/Error"}}}},
  "/health": {"get": {
    "summary": "State of the server and its model",
    "responses": {
      "200": {"description": "It answers", "content": {
        "application/json": {"schema": {"$ref": "#/components/schemas/Health"}}}},
      "503": {"description": "It is stopping"}}}},
  "/metrics": {"get": {
    "summary": "Counts, times and the model's age, as Prometheus text",
    "responses": {
      "200": {"description": "Prometheus text 0.0.4", "content": {
        "text/plain": {"schema": {"type": "string"}}}}}}},
  "/openapi.json": {"get": {
    "summary": "This document",
    "responses": {"200": {"description": "OpenAPI 3", "content": {
      "application/json": {"schema": {"type": "object"}}}}}}}
},
"components": {
  "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
  "responses": {"Error": {"description": "Refused", "content": {"application/json": {"schema":
    {"type": "object", "properties": {"error": {"type": "string"}}}}}}},
  "schemas": {
    "Id": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "Question": {"type": "object", "properties": {
      "user": {"$ref": "#/components/schemas/Id"},
      "history": {"type": "array", "items": {"$ref": "#/components/schemas/Id"}},
      "item": {"$ref": "#/components/schemas/Id"},
      "candidates": {"type": "array", "items": {"$ref": "#/components/schemas/Id"}},
      "exclude": {"type": "array", "items": {"$ref": "#/components/schemas/Id"}},
      "k": {"type": "integer", "minimum": 1}}},
    "Event": {"type": "object", "required": ["user"], "properties": {
      "user": {"$ref": "#/components/schemas/Id"},
      "item": {"$ref": "#/components/schemas/Id"}}},
    "Answer": {"type": "object", "properties": {
      "user": {"type": "string"},
      "item": {"type": "string"},
      "line": {"type": "integer"},
      "items": {"type": "array", "items": {"type": "object", "properties": {
        "id": {"type": "string"}, "title": {"type": "string"}, "score": {"type": "number"}}}},
      "error": {"type": "string"},
      "fallback": {"type": "string", "enum": ["popular"]},
      "unknown": {"type": "integer"},
      "unknown_candidates": {"type": "integer"},
      "unknown_ids": {"type": "array", "items": {"type": "string"}}}},
    "Health": {"type": "object", "properties": {
      "status": {"type": "string", "enum": ["ok", "stopping"]},
      "model": {"type": "string"},
      "hash": {"type": "string"},
      "items": {"type": "integer"},
      "events": {"type": "boolean"},
      "version": {"type": "string"}}}
  }
}
})";

}  // namespace

std::string openapi_text() {
  nlohmann::ordered_json document = nlohmann::ordered_json::parse(kDocument);
  document["info"]["version"] = version();
  return document.dump() + "\n";
}

}  // namespace elastic::cli
