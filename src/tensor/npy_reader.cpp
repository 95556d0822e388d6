#include <charconv>
#include <cstring>
#include <regex>

#include "base/error.h"
#include "tensor/npy.h"

namespace elastic {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kMaxNpyHeaderBytes = 1024;  // of a matrix of numbers: 118

class NpyReader {
 public:
  NpyReader(std::string_view bytes, const std::string& path) : bytes_(bytes), path_(path) {
    read_header();
  }

  [[nodiscard]] std::vector<std::vector<double>> rows() const {
    return element_bytes_ == sizeof(float) ? rows_of<float>() : rows_of<double>();
  }

 private:
  template <class... Args>
  [[noreturn]] void refuse(const Args&... args) const {
    throw DataError(path_, ": ", args...);
  }

  // Magic, version, length of the header (2 or 4 bytes), header, elements.
  void read_header() {
    const std::size_t at = kMagic.size() + 2;
    if (bytes_.size() < at + 4) {
      refuse("the .npy header is cut off");
    }
    const std::size_t length_bytes = bytes_[kMagic.size()] == 1 ? 2 : 4;
    std::size_t length = 0;
    for (std::size_t i = length_bytes; i-- > 0;) {
      length = length << 8 | static_cast<unsigned char>(bytes_[at + i]);
    }
    begin_ = at + length_bytes;
    if (length > kMaxNpyHeaderBytes || length > bytes_.size() - begin_) {
      refuse("the .npy header is cut off or too long: ", length, " bytes");
    }
    const std::string header(bytes_.substr(begin_, length));
    begin_ += length;
    const std::string type = field(header, R"('descr':\s*'([^']*)')");
    if (type != "<f4" && type != "<f8") {
      refuse("expected elements of float32 or float64 (<f4, <f8), got '",
             type,
             "'; in NumPy, array.astype('float32') converts them");
    }
    element_bytes_ = type == "<f4" ? sizeof(float) : sizeof(double);
    fortran_order_ = field(header, R"('fortran_order':\s*(True|False))") == "True";
    rows_ = extent(field(header, R"('shape':\s*\(\s*(\d+)\s*,\s*\d+\s*,?\s*\))"));
    cols_ = extent(field(header, R"('shape':\s*\(\s*\d+\s*,\s*(\d+)\s*,?\s*\))"));
    const std::size_t left = (bytes_.size() - begin_) / element_bytes_;
    const bool fits = cols_ == 0 ? left == 0 : rows_ == left / cols_ && left % cols_ == 0;
    if (!fits || (bytes_.size() - begin_) % element_bytes_ != 0) {
      refuse("expected ", rows_, " x ", cols_, " elements, got ", bytes_.size() - begin_, " bytes");
    }
  }

  std::string field(const std::string& header, const char* pattern) const {
    std::smatch found;
    if (!std::regex_search(header, found, std::regex(pattern))) {
      refuse("expected a matrix [items, features] in the .npy header, got ",
             header.substr(0, header.find('}') + 1));
    }
    return found[1];
  }

  std::size_t extent(const std::string& digits) const {
    std::size_t value = 0;
    if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc()) {
      refuse("the shape is too large: ", digits);
    }
    return value;
  }

  template <class T>
  [[nodiscard]] std::vector<std::vector<double>> rows_of() const {
    std::vector<std::vector<double>> rows(rows_, std::vector<double>(cols_));
    for (std::size_t r = 0; r < rows_; ++r) {
      for (std::size_t c = 0; c < cols_; ++c) {
        T value = 0;
        const std::size_t at = fortran_order_ ? c * rows_ + r : r * cols_ + c;
        std::memcpy(&value, bytes_.data() + begin_ + at * sizeof(T), sizeof(T));
        rows[r][c] = value;
      }
    }
    return rows;
  }

  std::string_view bytes_;
  const std::string& path_;
  std::size_t begin_ = 0;  // of the elements
  std::size_t element_bytes_ = 0;
  bool fortran_order_ = false;
  std::size_t rows_ = 0;
  std::size_t cols_ = 0;
};

}  // namespace

bool is_npy(std::string_view bytes) {
  return bytes.starts_with(kMagic);
}

std::vector<std::vector<double>> npy_rows(std::string_view bytes, const std::string& path) {
  return NpyReader(bytes, path).rows();
}

}  // namespace elastic
