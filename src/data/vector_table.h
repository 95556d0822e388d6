// Matrices of items' vectors as tables of features: .npy files and safetensors.
#pragma once

#include <string>
#include <string_view>

#include "data/feature_table.h"

namespace elastic::data {

/// The path of the ids of a matrix: "vectors.ids.txt" for "vectors.npy". Line n is the id of row n,
/// escaped().
std::string ids_path_of(const std::string& path);

/// Whether the file's name ends in .safetensors.
bool is_safetensors(const std::string& path);

/// A table with one column, "vector", of lists of numbers. The file holds one matrix of float32 or
/// float64; its ids are the JSON list of texts under "ids" in the metadata, if there is one, else
/// those beside it. Throws DataError naming the file if it is damaged or holds anything else, if
/// ids are missing, empty or not as many as the rows, or if a number is not finite.
FeatureTable read_safetensors_table(const std::string& path);

/// The same for the bytes of a .npy file, whose ids are beside it.
FeatureTable read_npy_table(const std::string& path, std::string_view bytes);

}  // namespace elastic::data
