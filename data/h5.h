// HDF5 files, as values: RAII over the C API of libhdf5.
//
// Objects are named by paths inside a group ("x", "model_weights/dense/kernel:0"). Numbers are read as what the caller
// asks for, whatever integer or floating-point type (16 to 64 bits, either byte order) they are stored as. Every
// failure is a FileError that names the file and the object, and says what was found and what was expected.
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

/// How the chunks of a dataset are packed: not, in a way whose result is bounded (deflate, lzf), or in another one.
enum class Packing : uint8_t { kNone, kUsual, kOther };

struct DatasetInfo {
  Shape shape;  // HDF5 scalars have rank 0
  TypeClass type = TypeClass::kOther;
  int bytes = 0;  // of one element
  bool is_signed = false;
  std::vector<std::string> columns;  // of a compound type
  int64_t chunk_rows = 0;            // rows of a chunk; 0 where the values are not chunked
  int64_t chunk_bytes = 0;           // of a chunk, unpacked
  int64_t stored_bytes = 0;          // what the values take in the file, packed, or in the sources of a virtual dataset
  Packing packing = Packing::kNone;
  std::string note;  // what the user should be told: "PLACE: was never written ..."; mostly empty
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
  /// Throws FileError where a packed chunk unpacks to more than its size; reading checks those that it needs itself.
  void check_chunks(const std::string& path) const;
  /// All values, or `count` entries of the first dim from `first` (count < 0: to the end).
  Tensor read_floats(const std::string& path, int64_t first = 0, int64_t count = -1) const;
  /// The same without a new allocation: `out` has room for the rows asked for.
  void read_floats_into(const std::string& path, int64_t first, int64_t count, std::span<float> out) const;
  void read_doubles_into(const std::string& path, int64_t first, int64_t count, std::span<double> out) const;
  /// Holds integers of 64 bits, signed or not, as they are.
  void read_long_doubles_into(const std::string& path, int64_t first, int64_t count, std::span<long double> out) const;
  std::vector<double> read_doubles(const std::string& path, int64_t first = 0, int64_t count = -1) const;
  std::vector<int64_t> read_integers(const std::string& path, int64_t first = 0, int64_t count = -1) const;
  std::vector<std::string> read_strings(const std::string& path, int64_t first = 0, int64_t count = -1) const;

  /// Contiguous little-endian datasets. Throw RunError where memory is short.
  void write_floats(const std::string& path, ConstTensorView values);
  void write_doubles(const std::string& path, std::span<const double> values, const Shape& shape);
  void write_int8(const std::string& path, std::span<const int8_t> values, const Shape& shape);
  void write_int32(const std::string& path, std::span<const int32_t> values, const Shape& shape);
  void write_int64(const std::string& path, std::span<const int64_t> values, const Shape& shape);
  void write_strings(const std::string& path, std::span<const std::string> values);
  /// Of float32, without values yet.
  void create_floats(const std::string& path, const Shape& shape);

  std::vector<std::string> attribute_names() const;
  bool has_attribute(const std::string& name) const;
  std::string attribute_string(const std::string& name) const;
  std::vector<std::string> attribute_strings(const std::string& name) const;  // an empty array of any type gives {}
  double attribute_double(const std::string& name) const;
  std::vector<double> attribute_doubles(const std::string& name) const;
  int64_t attribute_integer(const std::string& name) const;
  /// Strings are written with variable length, UTF-8: HDF5 has no fixed ones over 64 kB. An empty list is written as
  /// Keras does, float64 of length 0.
  void set_attribute(const std::string& name, const std::string& value);
  void set_attribute(const std::string& name, std::span<const std::string> values);
  void set_attribute(const std::string& name, double value);
  void set_attribute(const std::string& name, int64_t value);

  /// CRC-32 over all that lies in this group and below: names, shapes, values, attributes but those called `without`.
  uint32_t checksum(const std::string& without) const;

  /// "FILE:/path", for messages.
  std::string place() const;

 protected:
  Group(Id file, Id object, std::string file_name, std::string path, std::shared_ptr<Permissions> permissions);
  std::string place(const std::string& path) const;
  /// Throws a FileError that lists what is there, and the nearest name, where `path` leads to nothing.
  void check_is_there(const std::string& path) const;
  /// Throws a FileError where something stands at `path` already.
  void check_is_free(const std::string& path) const;
  std::vector<std::string> root_names() const;
  std::string path_of(const std::string& path) const;
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
  /// Throws FileError where there is no such file, it is no HDF5 file, or libhdf5 cannot cope with it
  /// (data/h5_probe.h).
  /// `reading`: what the caller does with the file at once. It is done in a child process first, in the same order from
  /// the same state: what libhdf5 makes of damage can depend on what it did before. Its errors are no matter there.
  ///
  /// What the file names itself (external links, sources of virtual datasets) is read only from its own folder and
  /// those in it, unless `anywhere`; external storage never. Throws FileError, too, where a seal does not fit the bytes
  /// (data/file_seal.h).
  static File open(const std::string& path, const std::function<void(const File&)>& reading = {},
                   bool anywhere = false);
  /// A new file, which is in memory until flush(); the oldest file format, that any libhdf5 reads. libhdf5 itself never
  /// writes to the disk: it crashes where a write fails. Takes as much memory as the file has bytes, beside the values
  /// that are given to it.
  static File create(const std::string& path);
  /// The same for a file that may be larger than the memory: written to the disk, under another name, as its values
  /// come. Throws as write_file_atomically.
  static File create_on_disk(const std::string& path);
  static bool looks_like_hdf5(const std::string& path);
  /// A file that another one with these permissions names; for data/h5_external.cpp.
  static File open_source(const std::string& path, const Permissions& permissions);
  /// Rows from `first` of a dataset of create_floats(). Throws RunError where the disk is full or fails.
  void write_rows(const std::string& path, int64_t first, ConstTensorView values);
  /// Writes the file as it is now with its seal, whole or not at all (data/atomic_file.h). Throws as
  /// write_file_atomically. Nothing is written to a file on the disk after it.
  void flush() const;
  /// What flush() writes, of a file in memory.
  std::string content() const;

 private:
  using Group::Group;
  /// The bytes of a file in memory, without its seal; valid until the file changes.
  std::string_view bytes() const;
  static File open_here(const std::string& path, const Permissions& permissions);

  std::shared_ptr<WrittenFile> written_;  // of create_on_disk(); else nothing
};

}  // namespace hgq::h5
