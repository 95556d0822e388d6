#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>
#include <utility>

#include "base/checksum.h"
#include "base/error.h"
#include "base/input_file.h"
#include "tensor/safetensors.h"
#include "tensor/safetensors_format.h"

namespace elastic {
namespace {

using nlohmann::json;
using safetensors_format::kChecksumKey;
using safetensors_format::kLengthBytes;
using safetensors_format::kMaxHeaderBytes;
using safetensors_format::kMetadataKey;

constexpr std::uint64_t kPieceBytes = std::uint64_t{1} << 20;

// Reads and checks one file; every refusal names it.
class Reader {
 public:
  explicit Reader(const std::string& path) : path_(path), file_(path), file_bytes_(file_.size()) {}

  // The metadata and the layout; the elements are not read.
  Safetensors read_header() {
    parse_header();
    Safetensors result;
    result.path = path_;
    for (const auto& [name, value] : header_.items()) {
      if (name == kMetadataKey) {
        result.metadata = metadata(value);
      } else {
        entries_.push_back(entry(name, value));
      }
    }
    check_layout();
    expected_checksum_ = take_checksum(result.metadata);
    return result;
  }

  Safetensors read(const TensorPlace& place) {
    Safetensors result = read_header();
    for (const Entry& entry : entries_) {
      result.tensors.push_back({entry.name, load(entry, place)});
    }
    check_checksum();
    return result;
  }

  void check() {
    read_header();
    std::vector<char> piece(kPieceBytes);
    for (std::uint64_t rest = file_bytes_ - data_begin_; rest > 0;) {
      const std::uint64_t bytes = std::min<std::uint64_t>(rest, kPieceBytes);
      read_elements(piece.data(), bytes);
      rest -= bytes;
    }
    check_checksum();
  }

 private:
  struct Entry {
    std::string name;
    DType dtype = DType::kFloat32;
    Shape shape;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };

  template <class... Args>
  [[noreturn]] void refuse(const Args&... args) const {
    throw CheckpointError(path_, ": ", args...);
  }

  void read_bytes(void* target, std::uint64_t bytes) { file_.read(target, bytes); }

  void parse_header() {
    std::uint64_t header_bytes = 0;
    if (file_bytes_ < kLengthBytes) {
      refuse("expected a safetensors file, got ", file_bytes_, " bytes");
    }
    read_bytes(&header_bytes, kLengthBytes);
    if (header_bytes > kMaxHeaderBytes || header_bytes > file_bytes_ - kLengthBytes) {
      refuse("expected a safetensors file; its header would take ",
             header_bytes,
             " bytes of a file of ",
             file_bytes_);
    }
    header_text_.resize(header_bytes);
    read_bytes(header_text_.data(), header_bytes);
    data_begin_ = kLengthBytes + header_bytes;
    try {
      header_ =
          json::parse(header_text_, [this](int depth, json::parse_event_t event, json& value) {
            return check_event(depth, event, value);
          });
    } catch (const json::exception&) {
      refuse("the header is not JSON");
    }
    if (!header_.is_object()) {
      refuse("the header is not a JSON object");
    }
  }

  // The parser would silently keep the last of two equal keys, and nest without limit.
  bool check_event(int depth, json::parse_event_t event, const json& value) {
    constexpr int kMaxDepth = 3;  // header, tensor, shape
    if (event == json::parse_event_t::object_start || event == json::parse_event_t::array_start) {
      if (depth >= kMaxDepth) {
        refuse("the header nests deeper than a safetensors header does");
      }
      if (event == json::parse_event_t::object_start) {
        keys_.emplace_back();
      }
    } else if (event == json::parse_event_t::object_end) {
      keys_.pop_back();
    } else if (event == json::parse_event_t::key) {
      const auto& key = value.get_ref<const std::string&>();
      if (!keys_.back().insert(key).second) {
        refuse("the name '", key, "' appears twice");
      }
    }
    return true;
  }

  std::map<std::string, std::string> metadata(const json& value) const {
    std::map<std::string, std::string> result;
    if (!value.is_object()) {
      refuse(kMetadataKey, ": expected an object of strings");
    }
    for (const auto& [key, text] : value.items()) {
      if (!text.is_string()) {
        refuse(kMetadataKey, ": expected a string under '", key, "', got ", text.type_name());
      }
      result[key] = text.get<std::string>();
    }
    return result;
  }

  // Returns the header as it was before the checksum was filled in, which the checksum covers;
  // empty for a file without a checksum.
  std::string take_checksum(std::map<std::string, std::string>& metadata) {
    const auto found = metadata.find(kChecksumKey);
    if (found == metadata.end()) {
      return "";
    }
    const std::string checksum = found->second;
    metadata.erase(found);
    const std::size_t place = header_text_.find(checksum);
    if (checksum.size() != Checksum::kDigits || place == std::string::npos) {
      refuse(kChecksumKey, ": expected ", Checksum::kDigits, " hexadecimal digits");
    }
    header_text_.replace(place, checksum.size(), Checksum::kDigits, '0');
    checksum_.add(header_text_);
    return checksum;
  }

  Entry entry(const std::string& name, const json& value) const {
    if (!value.is_object() || value.size() != 3 || !value.contains("dtype") ||
        !value.contains("shape") || !value.contains("data_offsets")) {
      refuse("tensor '", name, "': expected an object of dtype, shape and data_offsets");
    }
    Entry result;
    result.name = name;
    result.dtype = dtype(name, value["dtype"]);
    const std::uint64_t bytes = read_shape(name, value["shape"], result);
    read_offsets(name, value["data_offsets"], result);
    if (result.end - result.begin != bytes) {
      refuse("tensor '",
             name,
             "': shape ",
             result.shape,
             " of ",
             safetensors_format::name_of(result.dtype),
             " needs ",
             bytes,
             " bytes, data_offsets give ",
             result.end - result.begin);
    }
    return result;
  }

  DType dtype(const std::string& name, const json& value) const {
    for (const DType dtype : {DType::kFloat32, DType::kFloat64, DType::kInt32}) {
      if (value == safetensors_format::name_of(dtype)) {
        return dtype;
      }
    }
    refuse("tensor '", name, "': expected dtype F32, F64 or I32, got ", value.dump(-1, ' ', true));
  }

  // Returns the bytes of the elements; refuses more than the file holds.
  std::uint64_t read_shape(const std::string& name, const json& value, Entry& entry) const {
    if (!value.is_array() || value.size() > Shape::kMaxRank) {
      refuse("tensor '", name, "': expected a shape of at most ", Shape::kMaxRank, " extents");
    }
    std::uint64_t bytes = size_of(entry.dtype);
    std::vector<std::int64_t> extents;
    for (const json& item : value) {
      const std::uint64_t extent = number(name, "shape", item);
      if (extent != 0 && bytes > file_bytes_ / extent) {
        refuse("tensor '", name, "': shape ", value.dump(), " needs more bytes than the file has");
      }
      bytes *= extent;
      extents.push_back(static_cast<std::int64_t>(extent));
    }
    entry.shape = Shape(extents);
    return bytes;
  }

  void read_offsets(const std::string& name, const json& value, Entry& entry) const {
    if (!value.is_array() || value.size() != 2) {
      refuse("tensor '", name, "': expected data_offsets of two numbers");
    }
    entry.begin = number(name, "data_offsets", value[0]);
    entry.end = number(name, "data_offsets", value[1]);
    if (entry.begin > entry.end || entry.end > file_bytes_ - data_begin_) {
      refuse("tensor '",
             name,
             "': data_offsets ",
             value.dump(),
             " do not lie within the file's ",
             file_bytes_ - data_begin_,
             " bytes of data");
    }
  }

  std::uint64_t number(const std::string& name, const char* key, const json& value) const {
    if (!value.is_number_unsigned() ||
        value.get<std::uint64_t>() > std::numeric_limits<std::int64_t>::max()) {
      refuse("tensor '", name, "': ", key, " is not a list of sizes");
    }
    return value.get<std::uint64_t>();
  }

  void check_layout() {
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
      return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
    });
    std::uint64_t position = 0;
    for (const Entry& entry : entries_) {
      if (entry.begin != position) {
        refuse("tensor '",
               entry.name,
               entry.begin < position ? "' overlaps the one before it: it begins at "
                                      : "' leaves a hole before it: it begins at ",
               entry.begin,
               ", expected ",
               position);
      }
      position = entry.end;
    }
    if (position != file_bytes_ - data_begin_) {
      refuse("expected ",
             position,
             " bytes of data, got ",
             file_bytes_ - data_begin_,
             entries_.empty() ? "" : ", the last tensor is '",
             entries_.empty() ? "" : entries_.back().name + "'");
    }
  }

  // The next entry in the order of the data, which has no gaps.
  Tensor load(const Entry& entry, const TensorPlace& place) {
    Tensor tensor = place ? place(entry.name, entry.shape, entry.dtype) : Tensor();
    if (!tensor.defined()) {
      tensor = Tensor(entry.shape, entry.dtype, Device::kCpu, Memory::kParameter);
    }
    ELASTIC_CHECK(tensor.device() == Device::kCpu && tensor.shape() == entry.shape &&
                      tensor.dtype() == entry.dtype,
                  "a tensor of another kind");
    // By pieces, whose checksum is taken while they are in the cache.
    auto* target = static_cast<char*>(tensor.raw_data());
    for (std::uint64_t rest = entry.end - entry.begin; rest > 0;) {
      const std::uint64_t bytes = std::min<std::uint64_t>(rest, kPieceBytes);
      read_elements(target, bytes);
      target += bytes;
      rest -= bytes;
    }
    return tensor;
  }

  void read_elements(void* target, std::uint64_t bytes) {
    read_bytes(target, bytes);
    checksum_.add(target, bytes);
  }

  void check_checksum() const {
    if (!expected_checksum_.empty() && checksum_.hex() != expected_checksum_) {
      refuse("damaged: its checksum is ", checksum_.hex(), ", expected ", expected_checksum_);
    }
  }

  std::string path_;
  InputFile file_;
  std::uint64_t file_bytes_ = 0;
  std::uint64_t data_begin_ = 0;
  std::string header_text_;
  json header_;
  Checksum checksum_;
  std::string expected_checksum_;            ///< empty for a file without one
  std::vector<std::set<std::string>> keys_;  ///< of the objects being parsed, outermost first
  std::vector<Entry> entries_;
};

}  // namespace

Safetensors read_safetensors(const std::string& path, const TensorPlace& place) {
  return Reader(path).read(place);
}

void check_safetensors(const std::string& path) {
  Reader(path).check();
}

std::map<std::string, std::string> read_safetensors_metadata(const std::string& path) {
  return Reader(path).read_header().metadata;
}

}  // namespace elastic
