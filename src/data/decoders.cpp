#include "data/decoders.h"

#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <new>

#include "base/error.h"

namespace elastic::data {
namespace {

// Bytes handed at once to decoders that count them in 32 bits.
constexpr std::size_t kMostHanded = std::size_t{1} << 30;

enum class Damage { kTruncated, kBroken };

[[noreturn]] void fail_stream(const TextSink& sink, const char* format, Damage damage) {
  throw DataError("data: ",
                  sink.file(),
                  ": the ",
                  format,
                  " stream is ",
                  damage == Damage::kTruncated ? "truncated" : "broken",
                  "; copy or download the file again");
}

[[noreturn]] void fail_window(const TextSink& sink, const char* format, std::uint64_t bytes) {
  throw OutOfMemoryError("data: ",
                         sink.file(),
                         ": the ",
                         format,
                         " stream needs ",
                         bytes,
                         " bytes of memory to decompress: more than are free, or than the ",
                         sink.limits().most_window_bytes,
                         " that it may use. Decompress it with: ",
                         format,
                         " -dc");
}

// True if `rest` starts no stream; then the file has ended.
bool ends_before(std::string_view rest, std::string_view magic, TextSink& sink) {
  if (rest.starts_with(magic)) {
    return false;
  }
  if (rest.find_first_not_of('\0') != std::string_view::npos) {
    sink.note(concat(rest.size(), " bytes after the end of the compressed stream are ignored"));
  }
  return true;
}

// Decodes the gzip member at the start of `bytes` and returns its length.
std::size_t inflate_member(z_stream& stream, std::string_view bytes, TextSink& sink) {
  inflateReset(&stream);
  for (std::size_t used = 0;;) {
    const std::size_t handed = std::min(bytes.size() - used, kMostHanded);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data() + used));
    stream.avail_in = static_cast<uInt>(handed);
    stream.next_out = reinterpret_cast<Bytef*>(sink.buffer().data());
    stream.avail_out = static_cast<uInt>(sink.buffer().size());
    const int result = inflate(&stream, Z_NO_FLUSH);
    if (result == Z_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (result != Z_OK && result != Z_STREAM_END) {
      fail_stream(sink, "gzip", result == Z_BUF_ERROR ? Damage::kTruncated : Damage::kBroken);
    }
    used += handed - stream.avail_in;
    sink.take(sink.buffer().size() - stream.avail_out);
    if (result == Z_STREAM_END) {
      return used;
    }
  }
}

// Decodes the bzip2 stream at the start of `bytes` and returns its length.
std::size_t decode_bzip2_stream(std::string_view bytes, TextSink& sink) {
  bz_stream stream{};
  if (BZ2_bzDecompressInit(&stream, 0, 0) != BZ_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<bz_stream, int (*)(bz_stream*)> closer(&stream, BZ2_bzDecompressEnd);
  for (std::size_t used = 0;;) {
    const std::size_t handed = std::min(bytes.size() - used, kMostHanded);
    stream.next_in = const_cast<char*>(bytes.data() + used);
    stream.avail_in = static_cast<unsigned>(handed);
    stream.next_out = sink.buffer().data();
    stream.avail_out = static_cast<unsigned>(sink.buffer().size());
    const int result = BZ2_bzDecompress(&stream);
    if (result == BZ_MEM_ERROR) {
      throw std::bad_alloc();
    }
    if (result != BZ_OK && result != BZ_STREAM_END) {
      fail_stream(sink, "bzip2", Damage::kBroken);
    }
    used += handed - stream.avail_in;
    sink.take(sink.buffer().size() - stream.avail_out);
    if (result == BZ_STREAM_END) {
      return used;
    }
    if (used == bytes.size() && stream.avail_out > 0) {
      fail_stream(sink, "bzip2", Damage::kTruncated);
    }
  }
}

// Length of the text by the index of the last xz stream, or 0.
std::uint64_t indexed_xz_bytes(std::string_view bytes) {
  while (bytes.ends_with(std::string_view("\0\0\0\0", 4))) {  // padding
    bytes.remove_suffix(4);
  }
  lzma_stream_flags footer{};
  const auto* const end = reinterpret_cast<const std::uint8_t*>(bytes.data()) + bytes.size();
  if (bytes.size() < LZMA_STREAM_HEADER_SIZE ||
      lzma_stream_footer_decode(&footer, end - LZMA_STREAM_HEADER_SIZE) != LZMA_OK ||
      footer.backward_size > bytes.size() - LZMA_STREAM_HEADER_SIZE) {
    return 0;
  }
  const auto index_bytes = static_cast<std::size_t>(footer.backward_size);
  std::uint64_t most_memory = std::uint64_t{1} << 26;
  std::size_t at = 0;
  lzma_index* index = nullptr;
  if (lzma_index_buffer_decode(&index,
                               &most_memory,
                               nullptr,
                               end - LZMA_STREAM_HEADER_SIZE - index_bytes,
                               &at,
                               index_bytes) != LZMA_OK) {
    return 0;
  }
  const std::uint64_t text_bytes = lzma_index_uncompressed_size(index);
  lzma_index_end(index, nullptr);
  return text_bytes;
}

// Bytes of the window of the zstd frame at the start of `frame`, as its header states.
std::uint64_t zstd_window_bytes(std::string_view frame) {
  constexpr std::size_t kWindowByte = 5;  // after the magic number and the descriptor
  if (frame.size() <= kWindowByte) {
    return 0;
  }
  const auto descriptor = static_cast<unsigned char>(frame[kWindowByte - 1]);
  constexpr unsigned kSingleSegment = 1U << 5U;
  if ((descriptor & kSingleSegment) != 0) {
    return ZSTD_getFrameContentSize(frame.data(), frame.size());
  }
  const auto window = static_cast<unsigned char>(frame[kWindowByte]);
  const std::uint64_t base = std::uint64_t{1} << (10U + (window >> 3U));
  return base + base / 8 * (window & 7U);
}

}  // namespace

void decode_gzip(std::string_view bytes, TextSink& sink) {
  z_stream stream{};
  constexpr int kGzipWindow = 15 + 16;
  if (inflateInit2(&stream, kGzipWindow) != Z_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<z_stream, int (*)(z_stream*)> closer(&stream, inflateEnd);
  std::uint32_t length = 0;  // of the last member's text, in its last bytes
  if (bytes.size() >= sizeof length) {
    std::memcpy(&length, bytes.data() + bytes.size() - sizeof length, sizeof length);
    sink.expect(length);
  }
  do {
    bytes.remove_prefix(inflate_member(stream, bytes, sink));
  } while (!ends_before(bytes, "\x1f\x8b", sink));
}

void decode_bzip2(std::string_view bytes, TextSink& sink) {
  do {
    bytes.remove_prefix(decode_bzip2_stream(bytes, sink));
  } while (!ends_before(bytes, "BZh", sink));
}

void decode_xz(std::string_view bytes, TextSink& sink) {
  lzma_stream stream = LZMA_STREAM_INIT;
  if (lzma_stream_decoder(&stream, sink.limits().most_window_bytes, LZMA_CONCATENATED) != LZMA_OK) {
    throw std::bad_alloc();
  }
  const std::unique_ptr<lzma_stream, void (*)(lzma_stream*)> closer(&stream, lzma_end);
  sink.expect(indexed_xz_bytes(bytes));
  stream.next_in = reinterpret_cast<const std::uint8_t*>(bytes.data());
  stream.avail_in = bytes.size();
  for (;;) {
    stream.next_out = reinterpret_cast<std::uint8_t*>(sink.buffer().data());
    stream.avail_out = sink.buffer().size();
    const lzma_ret result = lzma_code(&stream, LZMA_FINISH);
    sink.take(sink.buffer().size() - stream.avail_out);
    if (result == LZMA_STREAM_END) {
      return;
    }
    if (result == LZMA_MEMLIMIT_ERROR || result == LZMA_MEM_ERROR) {
      fail_window(sink, "xz", lzma_memusage(&stream));
    }
    if (result != LZMA_OK) {
      fail_stream(sink, "xz", result == LZMA_BUF_ERROR ? Damage::kTruncated : Damage::kBroken);
    }
  }
}

void decode_zstd(std::string_view bytes, TextSink& sink) {
  const std::unique_ptr<ZSTD_DStream, std::size_t (*)(ZSTD_DStream*)> stream(ZSTD_createDStream(),
                                                                             ZSTD_freeDStream);
  if (stream == nullptr) {
    throw std::bad_alloc();
  }
  const ZSTD_bounds window = ZSTD_dParam_getBounds(ZSTD_d_windowLogMax);
  const int window_log = static_cast<int>(std::bit_width(sink.limits().most_window_bytes)) - 1;
  ZSTD_DCtx_setParameter(stream.get(),
                         ZSTD_d_windowLogMax,
                         std::clamp(window_log, window.lowerBound, window.upperBound));
  const std::uint64_t length = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
  sink.expect(length < ZSTD_CONTENTSIZE_ERROR ? length : 0);
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::size_t frame = 0;  // position of the latest frame
  for (bool output_full = false; in.pos < in.size || output_full;) {
    ZSTD_outBuffer out{sink.buffer().data(), sink.buffer().size(), 0};
    const std::size_t wanted = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_isError(wanted) != 0) {
      const ZSTD_ErrorCode error = ZSTD_getErrorCode(wanted);
      if (error == ZSTD_error_frameParameter_windowTooLarge ||
          error == ZSTD_error_memory_allocation) {
        fail_window(sink, "zstd", zstd_window_bytes(bytes.substr(frame)));
      }
      fail_stream(sink, "zstd", Damage::kBroken);
    }
    sink.take(out.pos);
    output_full = wanted != 0 && out.pos == out.size;  // 0: the frame's text is complete
    frame = wanted == 0 ? in.pos : frame;
    if (wanted != 0 && in.pos == in.size && !output_full) {
      fail_stream(sink, "zstd", Damage::kTruncated);
    }
  }
}

}  // namespace elastic::data
