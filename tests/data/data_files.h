// Makes data files of every kind, good and bad ones, for the tests.
#pragma once

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "../support/temporary_folder.h"
#include "hgq/core/error.h"
#include "hgq/data/npy.h"
#include "hgq/data/row_source.h"

namespace hgq {

/// The message of the hgq::Error that an action throws.
std::string message_of(const auto& action) {
  try {
    action();
  } catch (const Error& error) {
    return error.what();
  }
  return "no error";
}

/// All rows of a source.
inline std::vector<float> all_values(const RowSource& source) {
  std::vector<float> out(static_cast<size_t>(source.rows() * source.sample().size()));
  source.read(0, source.rows(), out);
  return out;
}

template <typename T>
std::string raw(const std::vector<T>& values) {
  std::string out(values.size() * sizeof(T), '\0');
  if (!out.empty()) std::memcpy(out.data(), values.data(), out.size());
  return out;
}

/// Each number's bytes the other way round.
template <typename T>
std::string swapped(const std::vector<T>& values) {
  std::string out = raw(values);
  for (size_t i = 0; i < out.size(); i += sizeof(T)) std::reverse(out.data() + i, out.data() + i + sizeof(T));
  return out;
}

template <typename T>
std::string npy(const std::string& type, const Shape& shape, const std::vector<T>& values) {
  return npy_header(type, shape) + raw(values);
}

/// zlib's output: `bits` 31 for gzip, -15 for a bare deflate stream.
inline std::string packed(const std::string& content, int bits) {
  z_stream stream{};
  HGQ_CHECK(deflateInit2(&stream, 9, Z_DEFLATED, bits, 8, Z_DEFAULT_STRATEGY) == Z_OK, RunError, "zlib does not start");
  std::string out(deflateBound(&stream, content.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(content.data()));
  stream.avail_in = static_cast<uInt>(content.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string gzip(const std::string& content) { return packed(content, 31); }

inline std::string little(uint64_t value, int bytes) {
  std::string out;
  for (int i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i) & 0xffU);
  return out;
}

/// A zip file as numpy writes it: its members stored, or deflated.
inline std::string zip(const std::vector<std::pair<std::string, std::string>>& members, bool deflated) {
  std::string file;
  std::string directory;
  for (const auto& [name, content] : members) {
    const std::string body = deflated ? packed(content, -15) : content;
    const auto crc = crc32(0, reinterpret_cast<const Bytef*>(content.data()), static_cast<uInt>(content.size()));
    const std::string common = little(20, 2) + little(0, 2) + little(deflated ? 8 : 0, 2) + little(0, 4) +
                               little(crc, 4) + little(body.size(), 4) + little(content.size(), 4) +
                               little(name.size(), 2);
    directory += std::string("PK\1\2") + little(20, 2) + common + std::string(12, '\0') + little(file.size(), 4) + name;
    file += std::string("PK\3\4") + common + little(0, 2) + name + body;
  }
  const size_t start = file.size();
  return file + directory + std::string("PK\5\6") + little(0, 4) + little(members.size(), 2) +
         little(members.size(), 2) + little(directory.size(), 4) + little(start, 4) + little(0, 2);
}

}  // namespace hgq
