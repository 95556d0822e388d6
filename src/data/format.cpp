#include "data/format.h"

#include "base/error.h"
#include "data/line_format.h"
#include "data/log_sample.h"
#include "data/object_format.h"
#include "data/table_format.h"

namespace elastic::data {

DetectedFormat detect_format(std::string_view text,
                             const std::optional<ObjectText>& objects,
                             const std::string& path,
                             const ReadOptions& options) {
  const LogSample sample = sample_log(text, path);
  if (objects && !objects->is_lists && options.format != FileFormat::kTable) {
    return object_format(sample, *objects, path, options);
  }
  if (options.format == FileFormat::kJsonl) {
    refuse_first_line(sample, path, "a JSON object");
  }
  if (const auto lines = line_format(sample, path, options)) {
    return *lines;
  }
  return table_format(sample, path, options);
}

}  // namespace elastic::data
