// Decoders of compressed streams.
#pragma once

#include <string_view>

#include "data/text_sink.h"

namespace elastic::data {

/// Each decodes all streams of `bytes`, one after the other. Throws DataError if a stream is
/// truncated or broken. Zeros after the last stream are padding; other bytes that start no stream
/// are ignored with a note by gzip and bzip2, as by the programs of these names, and refused by xz
/// and zstd.
void decode_gzip(std::string_view bytes, TextSink& sink);
void decode_bzip2(std::string_view bytes, TextSink& sink);
/// Throw OutOfMemoryError if the window of the stream is larger than the limit.
void decode_xz(std::string_view bytes, TextSink& sink);
void decode_zstd(std::string_view bytes, TextSink& sink);

}  // namespace elastic::data
