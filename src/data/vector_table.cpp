#include "data/vector_table.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.h"
#include "base/escaped_text.h"
#include "data/json_document.h"
#include "data/text_file.h"
#include "tensor/npy.h"
#include "tensor/safetensors.h"

namespace elastic::data {
namespace {

constexpr const char* kIdsKey = "ids";

std::vector<std::string> ids_in_file(const std::string& path) {
  std::vector<std::string> ids;
  const std::string text = read_text(path);
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    ids.push_back(unescaped(std::string_view(text).substr(begin, end - begin)));
    begin = end + 1;
  }
  return ids;
}

std::vector<std::string> ids_in_metadata(const std::string& text, const std::string& path) {
  std::vector<std::string> ids;
  const nlohmann::ordered_json list = parse_json(text);
  if (!list.is_array()) {
    throw DataError(path, ": metadata '", kIdsKey, "': expected a JSON list of texts");
  }
  for (const auto& id : list) {
    if (!id.is_string()) {
      throw DataError(path, ": metadata '", kIdsKey, "': expected texts, got ", id.type_name());
    }
    ids.push_back(id.get<std::string>());
  }
  return ids;
}

// The rows of the only matrix of the file.
std::vector<std::vector<double>> safetensors_rows(const Safetensors& file) {
  if (file.tensors.size() != 1 || file.tensors[0].tensor.shape().rank() != 2 ||
      file.tensors[0].tensor.dtype() == DType::kInt32) {
    throw DataError(file.path,
                    ": expected one matrix [items, features] of F32 or F64, got ",
                    file.tensors.size(),
                    " tensors, the first ",
                    file.tensors.empty() ? Shape({0}) : file.tensors[0].tensor.shape());
  }
  const Tensor& matrix = file.tensors[0].tensor;
  const auto cols = static_cast<std::size_t>(matrix.cols());
  std::vector<std::vector<double>> rows;
  const auto copy = [&]<class T>(const std::vector<T>& values) {
    for (std::size_t r = 0; r < static_cast<std::size_t>(matrix.rows()); ++r) {
      const auto row = values.begin() + static_cast<std::ptrdiff_t>(r * cols);
      rows.emplace_back(row, row + static_cast<std::ptrdiff_t>(cols));
    }
  };
  matrix.dtype() == DType::kFloat32 ? copy(matrix.to_vector<float>())
                                    : copy(matrix.to_vector<double>());
  return rows;
}

// `ids_path` names the file of the ids, for messages.
FeatureTable table_of(const std::string& path,
                      const std::string& form,
                      std::vector<std::vector<double>> rows,
                      const std::vector<std::string>& ids,
                      const std::string& ids_path) {
  if (ids.size() != rows.size()) {
    throw DataError(ids_path,
                    ": expected an id for each of the ",
                    rows.size(),
                    " rows of ",
                    path,
                    ", got ",
                    ids.size());
  }
  FeatureTable table;
  table.path = path;
  table.form = form;
  table.id_column = "id";
  table.columns = {"vector"};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (ids[i].empty()) {
      throw DataError(ids_path, ": row ", i + 1, ": expected an id");
    }
    const auto is_finite = [](double value) { return std::isfinite(value); };
    if (rows[i].empty() || !std::all_of(rows[i].begin(), rows[i].end(), is_finite)) {
      throw DataError(path, ": row ", i + 1, " ('", ids[i], "'): expected finite numbers");
    }
    table.ids.push_back(ids[i]);
    table.rows.push_back({{"", std::move(rows[i])}});
    table.lines.push_back(i + 1);
  }
  if (table.rows.empty()) {
    throw DataError(path, ": expected items with features, got none");
  }
  return table;
}

}  // namespace

std::string ids_path_of(const std::string& path) {
  return std::filesystem::path(path).replace_extension(".ids.txt").string();
}

bool is_safetensors(const std::string& path) {
  return path.ends_with(".safetensors");
}

FeatureTable read_safetensors_table(const std::string& path) {
  try {
    const Safetensors file = read_safetensors(path);
    const auto ids = file.metadata.find(kIdsKey);
    if (ids != file.metadata.end()) {
      return table_of(
          path, "safetensors", safetensors_rows(file), ids_in_metadata(ids->second, path), path);
    }
    const std::string ids_path = ids_path_of(path);
    return table_of(path, "safetensors", safetensors_rows(file), ids_in_file(ids_path), ids_path);
  } catch (const CheckpointError& error) {
    throw DataError(error.what());
  }
}

FeatureTable read_npy_table(const std::string& path, std::string_view bytes) {
  const std::string ids_path = ids_path_of(path);
  return table_of(path, "NumPy matrix", npy_rows(bytes, path), ids_in_file(ids_path), ids_path);
}

}  // namespace elastic::data
