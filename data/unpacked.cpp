#include "hgq/data/unpacked.h"

#include <zlib.h>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

#include "hgq/core/error.h"
#include "hgq/data/claimed_size.h"

namespace hgq {
namespace {

using Form = PackedStream::Form;

constexpr int64_t kUnpackedPiece = int64_t{1} << 18U;
constexpr int64_t kMostKept = int64_t{256} << 20U;  // larger contents are unpacked again when they are read
constexpr int64_t kLargestBlock = int64_t{256} << 20U;
constexpr int64_t kFirstSpan = int64_t{4} << 20U;
constexpr size_t kMostPoints = 1024;  // 32 KiB each
constexpr int64_t kGzipEnd = 8;       // bytes behind a gzip stream: its CRC and size

int window_bits(Form form) { return form == Form::kGzip ? 16 + MAX_WBITS : -MAX_WBITS; }

/// A point from which unpacking can continue: the start of a deflate block.
struct Point {
  int64_t out = 0;              // bytes unpacked before it
  int64_t in = 0;               // packed bytes that were used
  int bits = 0;                 // unused bits of the last of them
  std::vector<Bytef> window{};  // the bytes unpacked last, which the block may refer to
  bool stream_begins = false;   // a header follows
};

/// Unpacks a stream, beginning at a point.
class Unpacker {
 public:
  Unpacker(std::shared_ptr<const Bytes> packed, Form form)
      : packed_(std::move(packed)), form_(form), in_(static_cast<size_t>(kUnpackedPiece)) {
    HGQ_CHECK(inflateInit2(&stream_, window_bits(form)) == Z_OK, RunError, "zlib does not start");
  }
  ~Unpacker() { inflateEnd(&stream_); }
  Unpacker(const Unpacker&) = delete;
  Unpacker& operator=(const Unpacker&) = delete;

  int64_t out() const { return out_; }
  /// Packed bytes that are used up.
  int64_t in() const { return read_ - static_cast<int64_t>(stream_.avail_in); }
  bool ended() const { return ended_; }

  void start_at(const Point& point) {
    read_ = point.in;
    out_ = point.out;
    stream_.avail_in = 0;
    ended_ = false;
    bare_ = !point.stream_begins;
    check(inflateReset2(&stream_, bare_ ? -MAX_WBITS : window_bits(form_)));
    if (!bare_) return;
    if (point.bits > 0) {
      char last = 0;
      packed_->read(point.in - 1, {&last, 1});
      check(inflatePrime(&stream_, point.bits, static_cast<unsigned char>(last) >> (8 - point.bits)));
    }
    check(inflateSetDictionary(&stream_, point.window.data(), static_cast<uInt>(point.window.size())));
  }

  /// Unpacks into `out` until it is full, a block ends, or everything is unpacked. Returns the number of bytes.
  size_t go_on(std::span<char> out) {
    at_block_ = false;
    fill();
    stream_.next_out = reinterpret_cast<Bytef*>(out.data());
    stream_.avail_out = static_cast<uInt>(out.size());
    const int status = inflate(&stream_, Z_BLOCK);
    const size_t given = out.size() - stream_.avail_out;
    out_ += static_cast<int64_t>(given);
    if (status == Z_STREAM_END) {
      end_stream();
    } else {
      const bool stuck = status == Z_BUF_ERROR && given == 0 && stream_.avail_in == 0 && read_ == packed_->size();
      HGQ_CHECK(!stuck, FileError, packed_->place(), ": is packed, and its end is missing");
      if (status != Z_BUF_ERROR) check(status);
      at_block_ = (stream_.data_type & 128) != 0 && (stream_.data_type & 64) == 0;
    }
    return given;
  }

  /// Whether unpacking can continue from here later.
  bool at_point() const { return at_block_ || (begins_ && !ended_); }
  Point point() {
    Point point{.out = out_, .in = in(), .bits = begins_ ? 0 : stream_.data_type & 7, .stream_begins = begins_};
    if (begins_) return point;
    uInt size = 0;
    point.window.resize(32768);
    check(inflateGetDictionary(&stream_, point.window.data(), &size));
    point.window.resize(size);
    return point;
  }

 private:
  void fill() {
    begins_ = false;
    if (stream_.avail_in > 0 || read_ == packed_->size()) return;
    const int64_t count = std::min(kUnpackedPiece, packed_->size() - read_);
    packed_->read(read_, std::span(in_).first(static_cast<size_t>(count)));
    read_ += count;
    stream_.next_in = reinterpret_cast<Bytef*>(in_.data());
    stream_.avail_in = static_cast<uInt>(count);
  }

  /// A file may consist of several gzip streams.
  void end_stream() {
    int64_t next = in();
    if (form_ == Form::kGzip && bare_) next = std::min(next + kGzipEnd, packed_->size());
    if (form_ == Form::kBare || next == packed_->size()) {
      ended_ = true;
      return;
    }
    read_ = next;
    stream_.avail_in = 0;
    bare_ = false;
    begins_ = true;
    check(inflateReset2(&stream_, window_bits(form_)));
  }

  void check(int status) const {
    HGQ_CHECK(status == Z_OK || status == Z_STREAM_END, FileError, packed_->place(), ": cannot be unpacked (",
              stream_.msg != nullptr ? stream_.msg : "it refers to bytes before its beginning",
              "); the file is damaged");
  }

  std::shared_ptr<const Bytes> packed_;  // shared with other readers of the file
  Form form_;
  std::vector<char> in_;
  z_stream stream_{};
  int64_t read_ = 0;  // packed bytes that were given to zlib
  int64_t out_ = 0;
  bool bare_ = false;    // a gzip stream whose header is not seen
  bool begins_ = false;  // the header of a stream comes next
  bool at_block_ = false;
  bool ended_ = false;
};

/// The points so far, evenly spaced. The longer the stream is, the larger is their distance.
class Points {
 public:
  Points() : points_{Point{.stream_begins = true}} {}
  void add(Unpacker& unpacker) {
    if (unpacker.out() - points_.back().out < span_) return;
    points_.push_back(unpacker.point());
    if (points_.size() < kMostPoints) return;
    span_ *= 2;
    std::vector<Point> kept;
    for (Point& point : points_) {
      if (kept.empty() || point.out - kept.back().out >= span_) kept.push_back(std::move(point));
    }
    points_ = std::move(kept);
  }
  std::vector<Point> take() { return std::move(points_); }

 private:
  std::vector<Point> points_;
  int64_t span_ = kFirstSpan;
};

/// Contents that are unpacked again when they are read.
class UnpackedAgain : public Bytes {
 public:
  UnpackedAgain(const PackedStream& stream, int64_t size, std::vector<Point> points)
      : Bytes(stream.bytes->place(), size), points_(std::move(points)), unpacker_(stream.bytes, stream.form) {}

 private:
  void read_checked(int64_t offset, std::span<char> out) const override {
    const std::scoped_lock lock(mutex_);
    const auto behind = std::ranges::upper_bound(points_, offset, {}, &Point::out);
    const Point& point = *(behind - 1);
    if (unpacker_.out() > offset || unpacker_.out() < point.out || unpacker_.ended()) unpacker_.start_at(point);
    std::vector<char> skipped(static_cast<size_t>(std::min(kUnpackedPiece, offset - unpacker_.out())));
    while (unpacker_.out() < offset) {
      const auto part = std::min<int64_t>(static_cast<int64_t>(skipped.size()), offset - unpacker_.out());
      take(std::span(skipped).first(static_cast<size_t>(part)));
    }
    take(out);
  }

  void take(std::span<char> out) const {
    while (!out.empty()) {
      HGQ_CHECK(!unpacker_.ended(), FileError, place(), ": unpacks to less than when it was first read");
      out = out.subspan(unpacker_.go_on(out));
    }
  }

  std::vector<Point> points_;
  mutable std::mutex mutex_;
  mutable Unpacker unpacker_;  // at the end of the last read, where the next one usually begins
};

/// Unpacks a stream once, from the beginning to the end.
class FirstPass {
 public:
  FirstPass(const PackedStream& stream, int64_t memory)
      : stream_(stream), memory_(memory), most_kept_(std::min(kMostKept, memory / 4)) {}

  std::unique_ptr<Bytes> run() {
    Unpacker unpacker(stream_.bytes, stream_.form);
    std::vector<char> piece(static_cast<size_t>(kUnpackedPiece));
    if (stream_.size) check_claim(*stream_.size);
    while (!unpacker.ended()) {
      const size_t given = unpacker.go_on(piece);
      take(std::span(piece).first(given), unpacker);
    }
    const std::string& place = stream_.bytes->place();
    HGQ_CHECK(!stream_.size || unpacker.out() == *stream_.size, FileError, place, ": unpacks to ", unpacker.out(),
              " bytes, but the directory claims ", *stream_.size, "; the file is damaged");
    HGQ_CHECK(!stream_.crc32 || crc_ == *stream_.crc32, FileError, place,
              ": its content does not match its checksum; the file is damaged");
    HGQ_CHECK(unpacker.out() > 0 || stream_.size, FileError, place, ": is empty");
    if (unpacker.out() <= most_kept_) return memory_bytes(place, std::move(kept_));
    return std::make_unique<UnpackedAgain>(stream_, unpacker.out(), points_.take());
  }

 private:
  void check_claim(int64_t size) const {
    const Bytes& packed = *stream_.bytes;
    // Deflate packs to 1/1032 at best: a larger claim is wrong, whatever the memory.
    HGQ_CHECK(size / 1032 <= packed.size(), FileError, packed.place(), ": claims to unpack to ", bytes_text(size),
              " from ", bytes_text(packed.size()), "; the file is damaged");
    check_density(size, packed.size(), memory_, packed.place());
  }

  void take(std::span<const char> piece, Unpacker& unpacker) {
    const std::string& place = stream_.bytes->place();
    HGQ_CHECK(!stream_.size || unpacker.out() <= *stream_.size, FileError, place, ": unpacks to more than the ",
              *stream_.size, " bytes that the directory claims; the file is damaged");
    check_density(unpacker.out(), unpacker.in(), memory_, place);
    if (stream_.crc32)
      crc_ = crc32(crc_, reinterpret_cast<const Bytef*>(piece.data()), static_cast<uInt>(piece.size()));
    if (unpacker.out() <= most_kept_) {
      kept_.insert(kept_.end(), piece.begin(), piece.end());
    } else if (!kept_.empty()) {
      kept_ = {};
    }
    if (unpacker.at_point()) {
      last_point_ = unpacker.out();
      points_.add(unpacker);
    }
    HGQ_CHECK(unpacker.out() - last_point_ <= kLargestBlock, FileError, place, ": holds more than ",
              bytes_text(kLargestBlock), " that can only be unpacked at once; pack it again, or store it unpacked");
  }

  const PackedStream& stream_;
  int64_t memory_;
  int64_t most_kept_;
  std::vector<char> kept_;
  Points points_;
  int64_t last_point_ = 0;
  uLong crc_ = ::crc32(0, nullptr, 0);
};

}  // namespace

std::unique_ptr<Bytes> unpacked(const PackedStream& stream, int64_t memory) { return FirstPass(stream, memory).run(); }

}  // namespace hgq
