// Compresses texts for tests, with the libraries themselves.
#pragma once

#include <bzlib.h>
#include <doctest/doctest.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include <string>

namespace elastic::data {

inline std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string bzip2(const std::string& text) {
  std::string out(text.size() + text.size() / 100 + 600, '\0');
  auto size = static_cast<unsigned>(out.size());
  REQUIRE(BZ2_bzBuffToBuffCompress(out.data(),
                                   &size,
                                   const_cast<char*>(text.data()),
                                   static_cast<unsigned>(text.size()),
                                   1,
                                   0,
                                   0) == BZ_OK);
  out.resize(size);
  return out;
}

inline std::string xz(const std::string& text, unsigned preset = 1) {
  std::string out(lzma_stream_buffer_bound(text.size()), '\0');
  std::size_t size = 0;
  REQUIRE(lzma_easy_buffer_encode(preset,
                                  LZMA_CHECK_CRC64,
                                  nullptr,
                                  reinterpret_cast<const std::uint8_t*>(text.data()),
                                  text.size(),
                                  reinterpret_cast<std::uint8_t*>(out.data()),
                                  &size,
                                  out.size()) == LZMA_OK);
  out.resize(size);
  return out;
}

/// One frame. With `window_log`, its header states a window of that many bits and no length.
inline std::string zstd(const std::string& text, int window_log = 0) {
  std::string out(ZSTD_compressBound(text.size()) + 64, '\0');
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  ZSTD_outBuffer target{out.data(), out.size(), 0};
  if (window_log == 0) {
    ZSTD_CCtx_setPledgedSrcSize(context, text.size());
  }
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  REQUIRE(ZSTD_compressStream2(context, &target, &in, ZSTD_e_flush) == 0);
  REQUIRE(ZSTD_compressStream2(context, &target, &in, ZSTD_e_end) == 0);
  ZSTD_freeCCtx(context);
  out.resize(target.pos);
  return out;
}

}  // namespace elastic::data
