// HDF5 files, as values: RAII over the C API of libhdf5.
//
// Objects are named by paths inside a group ("x", "model_weights/dense/kernel:0"). Numbers are converted to the type
// that the caller asks for from any integer or floating-point type (floats of 16 to 64 bits, either byte order). Every
// failure of reading is a FileError that names the file and the object, and says what was found and what was expected.
//
//   auto file = h5::File::open("magic.h5");
//   Tensor x = file.read_floats("x");                       // [15216, 10]
//   auto out = h5::File::create("y.h5");  out.write_floats("y", x.view());  out.flush();
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hgq/core/shape.h"
#include "hgq/core/tensor.h"

namespace hgq::h5 {

/// An open identifier of libhdf5, closed by its owner; shared because groups keep their file open.
using Id = std::shared_ptr<const int64_t>;

enum class TypeClass : uint8_t { kInteger, kFloat, kString, kCompound, kOther };

/// How the HDF5 chunks of a dataset are packed: not at all, in a way whose result has a known bound (deflate, lzf), or
/// in another way.
enum class Packing : uint8_t { kNone, kUsual, kOther };

struct DatasetInfo {
  Shape shape;  // HDF5 scalars have rank 0
  TypeClass type = TypeClass::kOther;
  int bytes = 0;  // of one element
  bool is_signed = false;
  std::vector<std::string> columns;  // of a compound type
  int64_t chunk_rows = 0;            // rows of an HDF5 chunk; 0 if the values are not chunked
  int64_t chunk_bytes = 0;           // of a chunk, unpacked
  int64_t stored_bytes = 0;          // packed, in the file or in the sources of a virtual dataset
  Packing packing = Packing::kNone;
  std::string note;  // for the user: "PLACE: was never written ..."; usually empty
};

struct Permissions;
class WrittenFile;

class Group {
 public:
  /// Names of the members, sorted.
  std::vector<std::string> names() const;
  bool has(const std::string& path) const;
  bool is_group(const std::string& path) const;
  bool is_dataset(const std::string& path) const;
  Group group(const std::string& path) const;
  Group create_group(const std::string& path);

  DatasetInfo info(const std::string& path) const;
  /// Throws FileError if a packed chunk unpacks to more than its size. The read functions check the chunks that they
  /// need themselves.
  void check_chunks(const std::string& path) const;
  /// All values, or `count` entries of the first dimension from `first` on (count < 0: to the end).
  Tensor read_floats(const std::string& path, int64_t first = 0, int64_t count = -1) const;
  /// The same without an allocation: `out` must be large enough for the rows.
  void read_floats_into(const std::string& path, int64_t first, int64_t count, std::span<float> out) const;
  void read_doubles_into(const std::string& path, int64_t first, int64_t count, std::span<double> out) const;
  /// The same for long double, which holds all integers of 64 bits, signed or not, exactly.
  void read_long_doubles_into(const std::string& path, int64_t first, int64_t count, std::span<long double> out) const;
  std::vector<double> read_doubles(const std::string& path, int64_t first = 0, int64_t count = -1) const;
  std::vector<int64_t> read_integers(const std::string& path, int64_t first = 0, int64_t count = -1) const;
  std::vector<std::string> read_strings(const std::string& path, int64_t first = 0, int64_t count = -1) const;

  /// Write contiguous little-endian datasets. Throw FileError if `path` exists, RunError if there is not enough memory.
  void write_floats(const std::string& path, ConstTensorView values);
  void write_doubles(const std::string& path, std::span<const double> values, const Shape& shape);
  void write_int8(const std::string& path, std::span<const int8_t> values, const Shape& shape);
  void write_int32(const std::string& path, std::span<const int32_t> values, const Shape& shape);
  void write_int64(const std::string& path, std::span<const int64_t> values, const Shape& shape);
  void write_strings(const std::string& path, std::span<const std::string> values);
  /// Makes a dataset of float32 without values; see File::write_rows().
  void create_floats(const std::string& path, const Shape& shape);

  std::vector<std::string> attribute_names() const;
  bool has_attribute(const std::string& name) const;
  std::string attribute_string(const std::string& name) const;
  std::vector<std::string> attribute_strings(const std::string& name) const;  // an empty array of any type gives {}
  double attribute_double(const std::string& name) const;
  std::vector<double> attribute_doubles(const std::string& name) const;
  int64_t attribute_integer(const std::string& name) const;
  /// Strings are written as UTF-8 of variable length, since HDF5 attributes of fixed strings cannot exceed 64 kB. An
  /// empty list is written as Keras does, as float64 of length 0.
  void set_attribute(const std::string& name, const std::string& value);
  void set_attribute(const std::string& name, std::span<const std::string> values);
  void set_attribute(const std::string& name, double value);
  void set_attribute(const std::string& name, int64_t value);

  /// A CRC-32 over everything in this group and its subgroups: names, shapes, values, and attributes, except attributes
  /// with the name `without`.
  uint32_t checksum(const std::string& without) const;

  /// "FILE:/path", for messages.
  std::string place() const;

 protected:
  Group(Id file, Id object, std::string file_name, std::string path, std::shared_ptr<Permissions> permissions);
  std::string place(const std::string& path) const;
  /// Throws FileError if there is nothing at `path`; the message lists what there is, and suggests the nearest name.
  void check_is_there(const std::string& path) const;
  /// Throws FileError if there is something at `path` already.
  void check_is_free(const std::string& path) const;
  std::vector<std::string> root_names() const;
  std::string path_of(const std::string& path) const;
  /// Throws FileError if libhdf5 would take only a part of the path.
  void check_name(const std::string& path) const;
  bool link_leads_somewhere(const std::string& path) const;
  bool is_of_kind(const std::string& path, int kind) const;

  Id file_;
  Id object_;
  std::string file_name_;
  std::string path_;
  std::shared_ptr<Permissions> permissions_;  // of the file, shared by all of its groups
};

class File : public Group {
 public:
  /// Throws FileError if there is no such file, it is not an HDF5 file, libhdf5 crashes or hangs on it
  /// (data/h5_probe.h), or its seal does not match its bytes (data/file_seal.h). `reading` is what the caller will do
  /// with the file. It is done in a child process first, in the same order and from the same state, since the effect of
  /// damage on libhdf5 can depend on what it did before. Errors that `reading` throws in the child process are ignored.
  ///
  /// Other files that the file names (external links, sources of virtual datasets) are read only if they are in its
  /// folder or in a folder inside it, unless `anywhere` is true. External storage is never read.
  static File open(const std::string& path, const std::function<void(const File&)>& reading = {},
                   bool anywhere = false);
  /// A new file, which is in memory until flush(). It has the oldest file format, which every libhdf5 reads. libhdf5
  /// itself never writes to the disk, because it crashes if a write fails. The file takes as much memory as it has
  /// bytes, in addition to the values that are given to it.
  static File create(const std::string& path);
  /// The same for a file that may be larger than the memory: its values are written to the disk at once, to a temporary
  /// file. Throws as write_file_atomically.
  static File create_on_disk(const std::string& path);
  static bool looks_like_hdf5(const std::string& path);
  /// Opens a file that is named by another file with these permissions; for data/h5_external.cpp.
  static File open_source(const std::string& path, const Permissions& permissions);
  /// Writes rows from `first` on of a dataset that create_floats() made. Throws RunError if the disk is full or fails.
  void write_rows(const std::string& path, int64_t first, ConstTensorView values);
  /// Writes the file as it is now with its seal, completely or not at all (data/atomic_file.h). Throws as
  /// write_file_atomically. After it, nothing more can be written to a file of create_on_disk().
  void flush() const;
  /// The bytes that flush() writes, for a file in memory.
  std::string content() const;

 private:
  using Group::Group;
  /// The bytes of a file in memory, without its seal; valid until the file changes.
  std::string_view bytes() const;
  static File open_here(const std::string& path, const Permissions& permissions);

  std::shared_ptr<WrittenFile> written_;  // of create_on_disk(); otherwise nullptr
};

}  // namespace hgq::h5
