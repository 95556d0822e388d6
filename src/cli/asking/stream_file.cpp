#include "cli/asking/stream_file.h"

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "data/json_document.h"
#include "tensor/safetensors.h"

namespace elastic::cli {
namespace {

constexpr const char* kFormat = "elastic-streams-3";
// States in float32, names in the header, and offsets instead of sizes.
constexpr const char* kFormerFormat = "elastic-streams-2";

template <class Value>
Tensor flat(const std::vector<Value>& values) {
  return Tensor::from(values, {static_cast<std::int64_t>(values.size())});
}

// Names are elements: a header of safetensors must not exceed 100 MB.
struct PackedNames {
  std::vector<std::int32_t> bytes;  // the names' bytes without gaps, four to an element
  std::vector<std::int32_t> sizes;  // bytes of each name
};

PackedNames pack(const std::vector<std::string>& names) {
  std::string text;
  PackedNames packed;
  for (const std::string& name : names) {
    text += name;
    packed.sizes.push_back(static_cast<std::int32_t>(name.size()));
  }
  packed.bytes.resize((text.size() + 3) / 4);
  std::copy(text.begin(), text.end(), reinterpret_cast<char*>(packed.bytes.data()));
  return packed;
}

std::vector<std::string> unpack(const PackedNames& packed, const std::string& path) {
  const std::size_t bytes = packed.bytes.size() * sizeof(std::int32_t);
  const char* const text = reinterpret_cast<const char*>(packed.bytes.data());
  std::size_t at = 0;
  std::vector<std::string> names;
  for (const std::int32_t size : packed.sizes) {
    if (size < 0 || static_cast<std::size_t>(size) > bytes - at) {
      throw CheckpointError(path, ": name_sizes: they do not fit the ", bytes, " bytes of names");
    }
    names.emplace_back(text + at, static_cast<std::size_t>(size));
    at += static_cast<std::size_t>(size);
  }
  return names;
}

StreamPosition read_position(const Safetensors& file) {
  const std::string& text = file.metadata_at("lines");
  StreamPosition position{0, file.metadata_at("lines_checksum")};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), position.lines);
  if (error != std::errc{} || end != text.data() + text.size() || position.lines < 0) {
    throw CheckpointError(file.path, ": lines: expected a number, got '", text, "'");
  }
  return position;
}

std::vector<std::string> names_in_header(const Safetensors& file) {
  const nlohmann::ordered_json json = data::parse_json(file.metadata_at("users"));
  std::vector<std::string> names;
  for (const auto& name : json) {
    if (!json.is_array() || !name.is_string()) {
      throw CheckpointError(file.path, ": users: expected a list of names");
    }
    names.push_back(name.get<std::string>());
  }
  return names;
}

std::vector<std::int32_t> sizes_of(const std::vector<std::int32_t>& offsets,
                                   const std::string& path) {
  if (offsets.empty() || offsets.front() != 0 || !std::is_sorted(offsets.begin(), offsets.end())) {
    throw CheckpointError(path, ": seen_offsets: expected ascending numbers from 0");
  }
  std::vector<std::int32_t> sizes;
  for (std::size_t i = 1; i < offsets.size(); ++i) {
    sizes.push_back(offsets[i] - offsets[i - 1]);
  }
  return sizes;
}

// Refuses other formats and models. Returns whether the file is of the former format.
bool check_kind(const Safetensors& file, const std::string& model_hash) {
  const auto format = file.metadata.find("format");
  const bool is_former = format != file.metadata.end() && format->second == kFormerFormat;
  if (!is_former && (format == file.metadata.end() || format->second != kFormat)) {
    throw CheckpointError(file.path,
                          ": expected a file of streams of format ",
                          kFormat,
                          "; remove it to start all streams again");
  }
  if (file.metadata_at("model") != model_hash) {
    throw CheckpointError(file.path,
                          ": the states of another model (the run was trained again); remove the "
                          "file to start all streams again");
  }
  return is_former;
}

}  // namespace

void write_streams(const std::string& path,
                   const std::string& model_hash,
                   const SavedStreams& streams) {
  const PackedNames names = pack(streams.users);
  std::vector<NamedTensor> tensors{{"states", flat(streams.states)},
                                   {"hidden", flat(streams.hidden)},
                                   {"seen", flat(streams.seen)},
                                   {"seen_sizes", flat(streams.seen_sizes)},
                                   {"names", flat(names.bytes)},
                                   {"name_sizes", flat(names.sizes)}};
  if (!streams.times.empty()) {
    tensors.push_back({"times", flat(streams.times)});
  }
  write_safetensors(path,
                    tensors,
                    {{"format", kFormat},
                     {"model", model_hash},
                     {"lines", std::to_string(streams.position.lines)},
                     {"lines_checksum", streams.position.checksum}});
}

SavedStreams read_streams(const std::string& path, const std::string& model_hash) {
  const Safetensors file = read_safetensors(path);
  const bool is_former = check_kind(file, model_hash);
  SavedStreams streams;
  streams.position = read_position(file);
  streams.hidden = file.find("hidden").to_vector<float>();
  streams.seen = file.find("seen").to_vector<std::int32_t>();
  if (is_former) {
    const std::vector<float> states = file.find("states").to_vector<float>();
    streams.states.assign(states.begin(), states.end());
    streams.users = names_in_header(file);
    streams.seen_sizes = sizes_of(file.find("seen_offsets").to_vector<std::int32_t>(), path);
  } else {
    streams.states = file.find("states").to_vector<double>();
    streams.users = unpack({file.find("names").to_vector<std::int32_t>(),
                            file.find("name_sizes").to_vector<std::int32_t>()},
                           path);
    streams.seen_sizes = file.find("seen_sizes").to_vector<std::int32_t>();
  }
  if (file.has("times")) {
    streams.times = file.find("times").to_vector<double>();
  }
  return streams;
}

}  // namespace elastic::cli
