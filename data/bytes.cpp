#include "hgq/data/bytes.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "hgq/core/error.h"
#include "hgq/core/similar_file.h"
#include "hgq/data/claimed_size.h"

namespace hgq {
namespace {

constexpr int64_t kPiece = int64_t{1} << 20U;

class FileBytes : public Bytes {
 public:
  FileBytes(const std::string& path, int descriptor, int64_t size) : Bytes(path, size), descriptor_(descriptor) {}
  ~FileBytes() override { close(descriptor_); }
  FileBytes(const FileBytes&) = delete;
  FileBytes& operator=(const FileBytes&) = delete;

 private:
  void read_checked(int64_t offset, std::span<char> out) const override {
    while (!out.empty()) {
      const ssize_t got = pread(descriptor_, out.data(), out.size(), offset);
      if (got < 0 && errno == EINTR) continue;
      HGQ_CHECK(got >= 0, FileError, place(), ": can not be read: ", std::strerror(errno));
      HGQ_CHECK(got > 0, FileError, place(), ": became shorter while it was read");
      out = out.subspan(static_cast<size_t>(got));
      offset += got;
    }
  }

  int descriptor_;
};

class MemoryBytes : public Bytes {
 public:
  MemoryBytes(std::string place, std::vector<char> content)
      : Bytes(std::move(place), static_cast<int64_t>(content.size())), content_(std::move(content)) {}

 private:
  void read_checked(int64_t offset, std::span<char> out) const override {
    std::copy_n(content_.begin() + offset, out.size(), out.begin());
  }

  std::vector<char> content_;
};

/// zlib's state for gzip streams, released with its owner.
class Inflater {
 public:
  Inflater() { HGQ_CHECK(inflateInit2(&stream_, 16 + MAX_WBITS) == Z_OK, RunError, "zlib does not start"); }
  ~Inflater() { inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& stream() { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

void Bytes::read(int64_t offset, std::span<char> out) const {
  const auto count = static_cast<int64_t>(out.size());
  HGQ_CHECK(offset >= 0 && offset <= size_ && count <= size_ - offset, FileError, place_, ": is cut off: ", count,
            " bytes at offset ", offset, " are needed, but it has ", size_, " bytes");
  read_checked(offset, out);
}

std::string Bytes::front(int64_t count) const {
  std::string out(static_cast<size_t>(std::min(count, size_)), '\0');
  read(0, out);
  return out;
}

std::unique_ptr<Bytes> open_bytes(const std::string& path) {
  std::error_code error;
  const auto status = std::filesystem::status(path, error);
  HGQ_CHECK(std::filesystem::exists(status), FileError, path, ": there is no such file", similar_file(path));
  HGQ_CHECK(!std::filesystem::is_directory(status), FileError, path, ": is a folder, expected a data file");
  HGQ_CHECK(std::filesystem::is_regular_file(status), FileError, path, ": is not a regular file");
  const auto size = static_cast<int64_t>(std::filesystem::file_size(path, error));
  HGQ_CHECK(!error && size > 0, FileError, path, ": is empty");
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  HGQ_CHECK(descriptor >= 0, FileError, path, ": can not be opened: ", std::strerror(errno));
  return std::make_unique<FileBytes>(path, descriptor, size);
}

std::unique_ptr<Bytes> memory_bytes(std::string place, std::vector<char> content) {
  return std::make_unique<MemoryBytes>(std::move(place), std::move(content));
}

bool is_gzip(const Bytes& bytes) { return bytes.front(2) == "\x1f\x8b"; }

std::unique_ptr<Bytes> gunzip(const Bytes& packed) {
  Inflater inflater;
  z_stream& stream = inflater.stream();
  std::vector<char> content;
  std::vector<char> in(static_cast<size_t>(kPiece));
  std::vector<char> out(static_cast<size_t>(kPiece));
  int status = Z_OK;
  for (int64_t offset = 0; offset < packed.size();) {
    const int64_t count = std::min(kPiece, packed.size() - offset);
    packed.read(offset, std::span(in).first(static_cast<size_t>(count)));
    offset += count;
    stream.next_in = reinterpret_cast<Bytef*>(in.data());
    stream.avail_in = static_cast<uInt>(count);
    do {
      if (status == Z_STREAM_END) inflateReset(&stream);  // gzip files may follow each other
      stream.next_out = reinterpret_cast<Bytef*>(out.data());
      stream.avail_out = static_cast<uInt>(out.size());
      status = inflate(&stream, Z_NO_FLUSH);
      HGQ_CHECK(status == Z_OK || status == Z_STREAM_END || status == Z_BUF_ERROR, FileError, packed.place(),
                ": is a damaged gzip file (", stream.msg != nullptr ? stream.msg : "no reason given", ")");
      content.insert(content.end(), out.begin(), out.end() - static_cast<std::ptrdiff_t>(stream.avail_out));
      check_fits_memory(2 * static_cast<int64_t>(content.size()), packed.place());
    } while (stream.avail_in > 0 || (stream.avail_out == 0 && status != Z_STREAM_END));
  }
  HGQ_CHECK(status == Z_STREAM_END, FileError, packed.place(), ": is a gzip file that is cut off");
  HGQ_CHECK(!content.empty(), FileError, packed.place(), ": is empty");
  return memory_bytes(packed.place(), std::move(content));
}

}  // namespace hgq
