#include "hgq/data/npy.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <utility>

#include "hgq/config/node.h"
#include "hgq/core/error.h"
#include "hgq/data/atomic_file.h"
#include "hgq/data/binary_rows.h"
#include "hgq/data/claimed_size.h"

namespace hgq {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr int64_t kLongestHeader = int64_t{1} << 20U;

struct Header {
  std::string type;  // "<f4"
  bool fortran_order = false;
  Shape shape;
  int64_t data_offset = 0;
};

/// The text of the Python dict in the header, and the offset at which the values begin.
std::string header_text(const Bytes& bytes, int64_t& data_offset) {
  std::string front(8, '\0');
  bytes.read(0, front);
  HGQ_CHECK(front.starts_with(kMagic), FileError, bytes.place(), ": is not an NPY file");
  const int version = front[6];
  HGQ_CHECK(version >= 1 && version <= 3, FileError, bytes.place(), ": is an NPY file of version ", version,
            ", expected 1, 2 or 3");
  const size_t width = version == 1 ? 2 : 4;
  std::string size_bytes(width, '\0');
  bytes.read(8, size_bytes);
  int64_t size = 0;
  for (size_t i = 0; i < width; ++i) size |= int64_t{static_cast<unsigned char>(size_bytes[i])} << (8 * i);
  HGQ_CHECK(size <= kLongestHeader, FileError, bytes.place(), ": claims a header of ", size,
            " bytes; the file is damaged");
  std::string text(static_cast<size_t>(size), '\0');
  bytes.read(8 + static_cast<int64_t>(width), text);
  data_offset = 8 + static_cast<int64_t>(width) + size;
  return text;
}

/// The text after 'key': in the dict, without spaces. The dict has only three keys, and no value contains one of them.
std::string_view value_of(std::string_view header, std::string_view key, const std::string& place) {
  for (const char quote : {'\'', '"'}) {
    const std::string quoted = concat(quote, key, quote);
    const size_t found = header.find(quoted);
    if (found == std::string_view::npos) continue;
    const size_t colon = header.find_first_not_of(' ', found + quoted.size());
    if (colon == std::string_view::npos || header[colon] != ':') break;
    const size_t begin = header.find_first_not_of(' ', colon + 1);
    if (begin != std::string_view::npos) return header.substr(begin);
  }
  throw FileError(concat(place, ": its header has no '", key, "'; the file is damaged"));
}

Shape parse_shape(std::string_view text, const std::string& place) {
  const std::string damaged = concat(place, ": the shape in its header cannot be read; the file is damaged");
  const size_t close = text.find(')');
  HGQ_CHECK(text.starts_with('(') && close != std::string_view::npos, FileError, damaged);
  text = text.substr(1, close - 1);
  std::vector<uint64_t> extents;
  while (text.find_first_not_of(' ') != std::string_view::npos) {
    text.remove_prefix(text.find_first_not_of(' '));
    uint64_t extent = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), extent);
    HGQ_CHECK(error == std::errc(), FileError, damaged);
    extents.push_back(extent);
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    if (text.starts_with('L')) text.remove_prefix(1);  // Python 2
    const size_t next = text.find_first_not_of(' ');
    if (next == std::string_view::npos) break;
    HGQ_CHECK(text[next] == ',', FileError, damaged);
    text.remove_prefix(next + 1);
  }
  HGQ_CHECK(extents.size() <= static_cast<size_t>(Shape::kMaxRank), FileError, place, ": has ", extents.size(),
            " dims; at most ", Shape::kMaxRank, " can be read");
  claimed_elements(extents, place);
  return Shape(std::vector<int64_t>(extents.begin(), extents.end()));
}

Header parse_header(const Bytes& bytes) {
  Header header;
  const std::string text = header_text(bytes, header.data_offset);
  const std::string_view type = value_of(text, "descr", bytes.place());
  HGQ_CHECK(!type.starts_with('['), FileError, bytes.place(),
            ": holds a table of named columns; save the columns as a plain array, or as HDF5");
  const size_t close = type.empty() ? std::string_view::npos : type.find(type[0], 1);
  HGQ_CHECK(close != std::string_view::npos && (type[0] == '\'' || type[0] == '"'), FileError, bytes.place(),
            ": the type in its header cannot be read; the file is damaged");
  header.type = type.substr(1, close - 1);
  const std::string_view order = value_of(text, "fortran_order", bytes.place());
  HGQ_CHECK(order.starts_with("True") || order.starts_with("False"), FileError, bytes.place(),
            ": the order in its header cannot be read; the file is damaged");
  header.fortran_order = order.starts_with("True");
  header.shape = parse_shape(value_of(text, "shape", bytes.place()), bytes.place());
  return header;
}

constexpr int64_t kLargestWidth = int64_t{1} << 40U;

/// The size after the letter of a type; 0 if there is none, -1 if it is not valid.
int64_t width_of(const std::string& type) {
  int64_t width = 0;
  if (type.size() > 2) std::from_chars(type.data() + 2, type.data() + type.size(), width);
  return width < 0 || width > kLargestWidth ? -1 : width;
}

NumberType number_type(const Header& header, const std::string& place) {
  const std::string& type = header.type;
  const int64_t width = width_of(type);
  const bool size_is_known = width == 1 || width == 2 || width == 4 || width == 8;
  const char kind = type.size() > 1 ? type[1] : '?';
  HGQ_CHECK(kind != 'O', FileError, place, ": holds Python objects, which cannot be read; save numbers");
  const bool readable =
      size_is_known && ((kind == 'f' && width > 1) || kind == 'i' || kind == 'u' || (kind == 'b' && width == 1));
  HGQ_CHECK(readable, FileError, place, ": holds values of the type '", type,
            "'; integers of 8 to 64 bits, floats of 16 to 64 bits, and text can be read");
  NumberType result;
  result.kind = kind == 'f'   ? NumberType::Kind::kFloat
                : kind == 'i' ? NumberType::Kind::kSigned
                              : NumberType::Kind::kUnsigned;
  result.bytes = static_cast<int>(width);
  result.big_endian = type[0] == '>' || (type[0] == '=' && std::endian::native == std::endian::big);
  return result;
}

/// The same array with neighbours along the last dimension side by side.
template <typename T>
std::vector<T> from_fortran_order(std::span<const T> values, const Shape& shape) {
  std::vector<T> out(values.size());
  const auto strides = row_major_strides(shape);
  std::array<int64_t, Shape::kMaxRank> index{};
  for (const T value : values) {
    int64_t offset = 0;
    for (size_t d = 0; d < static_cast<size_t>(shape.rank()); ++d) offset += index[d] * strides[d];
    out[static_cast<size_t>(offset)] = value;
    for (int d = 0; d < shape.rank() && ++index[static_cast<size_t>(d)] == shape[d]; ++d)
      index[static_cast<size_t>(d)] = 0;
  }
  return out;
}

/// The rows of an array whose numbers `flat` has in Fortran order.
template <typename T>
std::unique_ptr<RowSource> turned(const RowSource& flat, const Shape& shape) {
  std::vector<T> values(static_cast<size_t>(flat.rows()));
  flat.read(0, flat.rows(), std::span(values));
  return memory_rows(flat.place(), shape, from_fortran_order<T>(values, shape));
}

void append_utf8(std::string& out, uint32_t code) {
  const auto continuation = [code](unsigned shift) { return static_cast<char>(0x80U | ((code >> shift) & 0x3fU)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += {static_cast<char>(0xc0U | code >> 6U), continuation(0)};
  } else if (code < 0x10000) {
    out += {static_cast<char>(0xe0U | code >> 12U), continuation(6), continuation(0)};
  } else {
    out += {static_cast<char>(0xf0U | (code >> 18U & 7U)), continuation(12), continuation(6), continuation(0)};
  }
}

/// Texts of fixed width: 'S' consists of bytes, 'U' of code points of four bytes.
class TextRows : public RowSource {
 public:
  TextRows(std::shared_ptr<const Bytes> bytes, const Header& header)
      : RowSource(bytes->place(), header.shape[0], Shape{}, true),
        bytes_(std::move(bytes)),
        offset_(header.data_offset),
        code_points_(header.type[1] == 'U'),
        big_endian_(header.type[0] == '>'),
        width_(width_of(header.type) * (code_points_ ? 4 : 1)) {
    HGQ_CHECK(width_ >= 0, FileError, place(), ": its texts have the type '", printable(header.type),
              "', whose size is not possible; the file is damaged");
    HGQ_CHECK(width_ <= bytes_->size() && this->rows() <= (bytes_->size() - offset_) / std::max<int64_t>(width_, 1),
              FileError, place(), ": is cut off: ", rows(), " texts of ", width_, " bytes are claimed");
  }

 private:
  void read_floats(int64_t, int64_t, std::span<float>) const override {}
  std::vector<std::string> read_words(int64_t first, int64_t count) const override {
    std::vector<std::string> out;
    std::vector<char> raw(static_cast<size_t>(width_));
    for (int64_t row = first; row < first + count; ++row) {
      bytes_->read(offset_ + row * width_, raw);
      out.push_back(code_points_ ? from_code_points(raw) : std::string(raw.begin(), raw.end()));
      out.back().resize(out.back().find_last_not_of('\0') + 1);
    }
    return out;
  }
  std::string from_code_points(std::span<const char> raw) const {
    std::string out;
    for (size_t i = 0; i < raw.size(); i += 4) {
      uint32_t code = 0;
      for (size_t b = 0; b < 4; ++b)
        code |= uint32_t{static_cast<unsigned char>(raw[i + b])} << (8 * (big_endian_ ? 3 - b : b));
      append_utf8(out, code);
    }
    return out;
  }

  std::shared_ptr<const Bytes> bytes_;  // shared with other members of an .npz
  int64_t offset_;
  bool code_points_;
  bool big_endian_;
  int64_t width_;
};

}  // namespace

bool looks_like_npy(const Bytes& bytes) { return bytes.front(static_cast<int64_t>(kMagic.size())) == kMagic; }

std::unique_ptr<RowSource> open_npy(const std::shared_ptr<const Bytes>& bytes) {
  const std::string place = bytes->place();
  const Header header = parse_header(*bytes);
  HGQ_CHECK(header.shape.rank() > 0, FileError, place, ": holds a single value, expected rows");
  if (header.type.size() > 1 && (header.type[1] == 'U' || header.type[1] == 'S')) {
    HGQ_CHECK(header.shape.rank() == 1, FileError, place, ": holds text of shape ", header.shape,
              "; labels have one dim");
    return std::make_unique<TextRows>(bytes, header);
  }
  const NumberType type = number_type(header, place);
  if (!header.fortran_order || header.shape.rank() == 1)
    return binary_rows(place, {bytes, header.data_offset, type, header.shape});
  // The numbers in the order of the file, as rows of one number each.
  const auto flat = binary_rows(place, {bytes, header.data_offset, type, Shape{header.shape.size()}});
  check_fits_memory(2 * header.shape.size() * bytes_of(flat->width()), place);
  switch (flat->width()) {
    case NumberWidth::kLabel:
      return turned<Label>(*flat, header.shape);
    case NumberWidth::kDouble:
      return turned<double>(*flat, header.shape);
    case NumberWidth::kFloat:
      break;
  }
  return turned<float>(*flat, header.shape);
}

Tensor read_npy(const std::string& path) {
  std::shared_ptr<const Bytes> bytes = open_bytes(path);
  const Header header = parse_header(*bytes);
  const auto rows = header.shape.rank() == 0
                        ? binary_rows(path, {bytes, header.data_offset, number_type(header, path), Shape{1}})
                        : open_npy(bytes);
  check_fits_memory(header.shape.size() * static_cast<int64_t>(sizeof(float)), path);
  Tensor out(header.shape);
  rows->read(0, rows->rows(), out.values());
  return out;
}

std::string npy_header(const std::string& type, const Shape& shape, bool fortran_order) {
  std::string text = "(";
  for (int i = 0; i < shape.rank(); ++i) text += concat(i == 0 ? "" : " ", shape[i], ",");
  if (shape.rank() > 1) text.pop_back();
  text = concat("{'descr': '", type, "', 'fortran_order': ", fortran_order ? "True" : "False", ", 'shape': ", text,
                "), }");
  // Values begin at a multiple of 64 bytes, after a line end.
  text.append(64 - (10 + text.size() + 1) % 64, ' ');
  text += '\n';
  const auto low = static_cast<char>(text.size() & 0xffU);
  const auto high = static_cast<char>(text.size() >> 8U);
  return concat(kMagic, '\1', '\0', low, high, text);
}

void write_npy(const std::string& path, ConstTensorView values) {
  static_assert(std::endian::native == std::endian::little, "write_npy writes the machine's own floats as <f4");
  FileReplacement file(path);
  file.write(npy_header("<f4", values.shape));
  const std::span<const float> floats = values.values();
  file.write({reinterpret_cast<const char*>(floats.data()), floats.size_bytes()});
  file.finish();
  force_folder_to_disk(folder_of(path));
}

}  // namespace hgq
