#include "hgq/data/loaders.h"

#include <algorithm>
#include <array>
#include <utility>

#include "hgq/config/nearest_name.h"
#include "hgq/core/error.h"
#include "hgq/data/file_dataset.h"
#include "hgq/data/file_form.h"
#include "hgq/data/h5.h"
#include "hgq/data/h5_probe.h"
#include "hgq/data/idx.h"
#include "hgq/data/npy.h"
#include "hgq/data/unpacked.h"
#include "hgq/data/zip_file.h"

namespace hgq {
namespace {

class H5Rows : public RowSource {
 public:
  H5Rows(const h5::File& file, const std::string& file_name, const std::string& path, const h5::DatasetInfo& info)
      : RowSource(concat(file_name, ":/", path), info.shape[0], info.shape.without_front(),
                  info.type == h5::TypeClass::kString, width_of(info)),
        file_(file),
        path_(path),
        chunk_rows_(std::max<int64_t>(info.chunk_rows, 1)),
        note_(info.note) {}

  int64_t chunk_rows() const override { return chunk_rows_; }
  std::vector<std::string> notes() const override {
    return note_.empty() ? std::vector<std::string>{} : std::vector<std::string>{note_};
  }

 private:
  static NumberWidth width_of(const h5::DatasetInfo& info) {
    const bool integers = info.type == h5::TypeClass::kInteger;
    if (!info.columns.empty()) return integers ? NumberWidth::kLabel : NumberWidth::kDouble;  // of any size each
    if (info.bytes <= (integers ? 2 : 4)) return NumberWidth::kFloat;
    return integers && info.bytes == 8 ? NumberWidth::kLabel : NumberWidth::kDouble;
  }
  void read_floats(int64_t first, int64_t count, std::span<float> out) const override {
    file_.read_floats_into(path_, first, count, out);
  }
  void read_doubles(int64_t first, int64_t count, std::span<double> out) const override {
    file_.read_doubles_into(path_, first, count, out);
  }
  void read_labels(int64_t first, int64_t count, std::span<Label> out) const override {
    file_.read_long_doubles_into(path_, first, count, out);
  }
  std::vector<std::string> read_words(int64_t first, int64_t count) const override {
    return file_.read_strings(path_, first, count);
  }

  h5::File file_;  // a handle; the file stays open as long as one of its arrays is
  std::string path_;
  int64_t chunk_rows_;
  std::string note_;
};

class H5DataFile : public DataFile {
 public:
  H5DataFile(const std::string& path, const FileLimits& limits)
      : path_(path), limits_(limits), file_(h5::File::open(path, {}, limits.allow_external)) {}
  FileKind kind() const override { return FileKind::kHdf5; }
  std::unique_ptr<RowSource> rows(const std::vector<std::string>& names, bool may_be_text) const override {
    const bool is_there = names.size() == 1 && has(names[0]);
    HGQ_CHECK(is_there || !file_.has_attribute("model_config"), FileError, path_,
              ": is a model (an HDF5 file of Keras or hgq-train), expected data; 'hgq-train summary' shows a model, "
              "data are given by --data FILE, or named in a config as data.file");
    HGQ_CHECK(names.size() == 1, FileError, path_, ": is an HDF5 file: one dataset is expected, ",
              names.empty() ? "none is" : quoted_names(names) + " are",
              " given; columns of a table are written table[a,b]");
    const h5::DatasetInfo info = file_.info(names[0]);
    const std::string place = concat(path_, ":/", names[0]);
    HGQ_CHECK(info.shape.rank() > 0, FileError, place, ": is a single value, expected rows");
    const bool text = info.type == h5::TypeClass::kString;
    HGQ_CHECK(text || info.type == h5::TypeClass::kInteger || info.type == h5::TypeClass::kFloat, FileError, place,
              ": holds ",
              info.type == h5::TypeClass::kCompound
                  ? concat("a table; choose columns as ", names[0], "[NAME,...] of ", quoted_names(info.columns))
                  : std::string("neither numbers nor text"));
    HGQ_CHECK(!text || (may_be_text && info.shape.rank() == 1), FileError, place, ": holds text of shape ", info.shape,
              may_be_text ? "; labels have one dim" : ", expected numbers");
    check_size(names[0], info);
    if (text) check_text(names[0], info.shape[0]);
    return std::make_unique<H5Rows>(file_, path_, names[0], info);
  }
  bool has(const std::string& name) const override {
    return !name.empty() && (file_.has(name) || file_.has(name.substr(0, name.find('['))));
  }

 private:
  /// A dataset larger than memory is read in blocks, but each HDF5 chunk is unpacked as a whole. A dataset that is
  /// extremely small in the file is not data.
  void check_size(const std::string& name, const h5::DatasetInfo& info) const {
    const std::string place = concat(path_, ":/", name);
    HGQ_CHECK(info.chunk_bytes <= std::max(limits_.memory, kAlwaysAllowed), FileError, place, ": its chunks take ",
              bytes_text(info.chunk_bytes), " each, but the rows may take ", bytes_text(limits_.memory),
              " (data.memory of a config, --memory of a command); store it in smaller chunks");
    const int64_t bytes = info.shape.size() * static_cast<int64_t>(sizeof(float));
    check_density(bytes, info.stored_bytes, limits_.memory, place);
    if (info.packing != h5::Packing::kOther) return;
    // The result of other filters is not known in advance.
    constexpr int kSeconds = 600;
    const int64_t rows = info.shape[0];
    const int64_t step = std::max<int64_t>(info.chunk_rows, 1);
    std::vector<float> piece(static_cast<size_t>(step * info.shape.without_front().size()));
    const auto read = [&] {
      for (int64_t first = 0; first < rows; first += step)
        file_.read_floats_into(name, first, std::min(step, rows - first), piece);
    };
    HGQ_CHECK(info.type == h5::TypeClass::kString || h5::survives(read, kSeconds), FileError, place,
              ": is damaged: libhdf5 crashes, hangs, or takes too much memory when it unpacks these values");
  }

  /// Texts are stored anywhere in the file; a damaged reference to one can crash libhdf5.
  void check_text(const std::string& name, int64_t rows) const {
    constexpr int64_t kPiece = int64_t{1} << 14U;
    constexpr int kSeconds = 30;
    const auto read = [&] {
      int64_t bytes = 0;
      for (int64_t first = 0; first < rows; first += kPiece) {
        for (const std::string& text : file_.read_strings(name, first, std::min(kPiece, rows - first)))
          bytes += static_cast<int64_t>(text.size());
        if (bytes > limits_.memory / 2) throw h5::NamesUnreadable();  // many entries can refer to one long text
      }
    };
    HGQ_CHECK(h5::survives(read, kSeconds), FileError, path_, ":/", name,
              ": is damaged: libhdf5 crashes, hangs, or takes too much memory when it reads these texts");
  }

  std::string path_;
  FileLimits limits_;
  h5::File file_;
};

class NpzDataFile : public DataFile {
 public:
  NpzDataFile(std::shared_ptr<const Bytes> bytes, int64_t memory)
      : path_(bytes->place()), zip_(std::move(bytes), memory) {
    const std::vector<std::string> names = zip_.names();
    HGQ_CHECK(names.empty() || std::ranges::any_of(names, [](const auto& name) { return name.ends_with(".npy"); }),
              FileError, path_, ": is a zip archive without arrays (its files: ", quoted_names(names),
              "), expected NPZ, as numpy.savez() writes it");
  }
  FileKind kind() const override { return FileKind::kNpz; }
  std::unique_ptr<RowSource> rows(const std::vector<std::string>& names, bool may_be_text) const override {
    HGQ_CHECK(names.size() == 1, FileError, path_, ": is an NPZ file: the name of one array is expected");
    std::vector<std::string> there;
    for (const std::string& member : zip_.names())
      there.push_back(member.ends_with(".npy") ? member.substr(0, member.size() - 4) : member);
    const auto found = std::ranges::find(there, names[0]);
    HGQ_CHECK(found != there.end(), FileError, path_, ": has no array '", names[0], "'; it holds ",
              there.empty() ? "nothing" : quoted_names(there), did_you_mean(names[0], there, "; "));
    auto rows = open_npy(zip_.member(zip_.names()[static_cast<size_t>(found - there.begin())]));
    HGQ_CHECK(may_be_text || !rows->is_text(), FileError, rows->place(), ": holds text, expected numbers");
    return rows;
  }
  bool has(const std::string& name) const override {
    const std::vector<std::string>& members = zip_.names();
    return std::ranges::find(members, name) != members.end() ||
           std::ranges::find(members, name + ".npy") != members.end();
  }

 private:
  std::string path_;
  ZipFile zip_;
};

/// A file with one array without a name: NPY and IDX.
class ArrayDataFile : public DataFile {
 public:
  ArrayDataFile(std::shared_ptr<const Bytes> bytes, FileKind kind) : bytes_(std::move(bytes)), kind_(kind) {}
  FileKind kind() const override { return kind_; }
  std::unique_ptr<RowSource> rows(const std::vector<std::string>& names, bool may_be_text) const override {
    HGQ_CHECK(names.empty(), FileError, bytes_->place(), ": is an ", to_string(kind_),
              " file, which holds one array without a name, but ", quoted_names(names),
              " is asked for; a config says inputs: {file: X.npy} and targets: {file: Y.npy}, a command --data X.npy "
              "--targets Y.npy");
    auto rows = kind_ == FileKind::kNpy ? open_npy(bytes_) : open_idx(bytes_);
    HGQ_CHECK(may_be_text || !rows->is_text(), FileError, rows->place(), ": holds text, expected numbers");
    return rows;
  }
  bool has(const std::string& /*name*/) const override { return false; }

 private:
  std::shared_ptr<const Bytes> bytes_;  // shared with the rows it gives
  FileKind kind_;
};

class CsvDataFile : public DataFile {
 public:
  CsvDataFile(std::shared_ptr<const Bytes> bytes, const CsvOptions& options)
      : table_(CsvTable::open(std::move(bytes), options)) {}
  FileKind kind() const override { return FileKind::kCsv; }
  std::unique_ptr<RowSource> rows(const std::vector<std::string>& names, bool may_be_text) const override {
    return CsvTable::rows_of(table_, names, may_be_text);
  }
  bool has(const std::string& name) const override { return table_->has(name); }
  std::vector<std::string> notes() const override { return {table_->note()}; }

 private:
  std::shared_ptr<const CsvTable> table_;  // shared with the rows it gives
};

/// Sample weights of 1 for every row.
class OneRows : public RowSource {
 public:
  explicit OneRows(int64_t rows) : RowSource("sample weights of 1", rows, Shape{}, false) {}

 private:
  void read_floats(int64_t /*first*/, int64_t /*count*/, std::span<float> out) const override {
    std::ranges::fill(out, 1.0F);
  }
  std::vector<std::string> read_words(int64_t /*first*/, int64_t /*count*/) const override { return {}; }
};

/// Kinds of files that cannot be read, which the message then names.
std::string foreign_kind(const std::string& front) {
  struct Signature {
    std::string_view bytes;
    const char* name;
  };
  constexpr std::array<Signature, 8> kForeign = {{{"PAR1", "a Parquet file"},
                                                  {"root", "a ROOT file"},
                                                  {"\x28\xb5\x2f\xfd", "a file packed by zstd"},
                                                  {"BZh", "a file packed by bzip2"},
                                                  {"\xfd"
                                                   "7zXZ",
                                                   "a file packed by xz"},
                                                  {"ARROW1", "an Arrow file"},
                                                  {"\x80\x04\x95", "a Python pickle"},
                                                  {"%PDF", "a PDF file"}}};
  for (const Signature& signature : kForeign) {
    if (front.starts_with(signature.bytes)) return signature.name;
  }
  return "";
}

/// Text in UTF-16 without a mark: every other byte of its first characters is 0, and the others are ASCII.
bool is_utf16(const std::string& front) {
  constexpr size_t kLooked = 64;
  const std::string_view text = std::string_view(front).substr(0, std::min(kLooked, front.size() / 2 * 2));
  if (text.size() < 4) return false;
  const size_t zero = text[1] == '\0' ? 1 : 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    const bool ascii = (c >= ' ' && c < 0x7f) || c == '\t' || c == '\r' || c == '\n';
    if (i % 2 == zero ? c != 0 : !ascii) return false;
  }
  return true;
}

}  // namespace

std::string to_string(FileKind kind) {
  constexpr std::array<const char*, 5> kNames = {"HDF5", "NPZ", "NPY", "IDX", "CSV"};
  return kNames[static_cast<size_t>(kind)];
}

std::unique_ptr<DataFile> DataFile::open(const std::string& path, const CsvOptions& options, const FileLimits& limits) {
  std::shared_ptr<const Bytes> bytes = open_bytes(path);
  expect_data_file(path);
  if (h5::File::looks_like_hdf5(path)) return std::make_unique<H5DataFile>(path, limits);
  if (is_gzip(*bytes)) bytes = unpacked({.bytes = bytes, .form = PackedStream::Form::kGzip}, limits.memory);
  if (ZipFile::looks_like_zip(*bytes)) return std::make_unique<NpzDataFile>(std::move(bytes), limits.memory);
  if (looks_like_npy(*bytes)) return std::make_unique<ArrayDataFile>(std::move(bytes), FileKind::kNpy);
  if (looks_like_idx(*bytes)) return std::make_unique<ArrayDataFile>(std::move(bytes), FileKind::kIdx);
  const std::string front = bytes->front(4096);
  HGQ_CHECK(!is_utf16(front), FileError, path, ": is text in UTF-16; save it as UTF-8");
  const std::string foreign = foreign_kind(front);
  const bool binary =
      front.find('\0') != std::string::npos && !front.starts_with("\xff\xfe") && !front.starts_with("\xfe\xff");
  HGQ_CHECK(foreign.empty() && !binary, FileError, path, ": is ",
            foreign.empty() ? "no data file of a known kind" : foreign, "; HDF5, NPZ, NPY, IDX and CSV can be read");
  return std::make_unique<CsvDataFile>(std::move(bytes), options);
}

const DataFile& DataFiles::open(const std::string& path) {
  std::unique_ptr<DataFile>& file = files_[path];
  if (file == nullptr) file = DataFile::open(path, options_, limits_);
  return *file;
}

std::vector<std::string> DataFiles::notes() const {
  std::vector<std::string> all;
  for (const auto& [path, file] : files_) {
    for (std::string& note : file->notes()) all.push_back(std::move(note));
  }
  return all;
}

void add_notes(std::vector<std::string>& notes, const std::vector<std::string>& more) {
  for (const std::string& note : more) {
    if (std::ranges::find(notes, note) == notes.end()) notes.push_back(note);
  }
}

RowSet open_rows(const SetSpec& spec, DataFiles& files) {
  RowSet set;
  std::vector<const RowSource*> all;
  const auto open = [&](const NamedArray& named, std::vector<NamedRows>& into, bool may_be_text) {
    const ArraySpec& array = named.array;
    try {
      const std::string& file = array.file.empty() ? spec.file : array.file;
      HGQ_CHECK(!file.empty(), FileError, "no file is given for this array");
      into.push_back({named.name, files.open(file).rows(array.names, may_be_text)});
      all.push_back(into.back().rows.get());
      add_notes(set.notes, into.back().rows->notes());
      check_equal_rows(all);
    } catch (const FileError& error) {
      if (array.place.empty()) throw;
      throw FileError(concat(array.place, ": ", error.what()));
    }
  };
  for (const NamedArray& input : spec.inputs) open(input, set.inputs, false);
  for (const NamedArray& target : spec.targets) open(target, set.targets, true);
  for (const NamedArray& weight : spec.weights) open(weight, set.weights, false);
  add_notes(set.notes, files.notes());
  HGQ_CHECK(!set.inputs.empty(), FileError, spec.file, ": no inputs are chosen");
  return set;
}

void arrange(std::vector<NamedRows>& rows, const std::vector<std::string>& layers, const std::string& what) {
  if (rows.size() == 1 && layers.size() == 1 && rows[0].name.empty()) rows[0].name = layers[0];
  std::vector<NamedRows> arranged;
  for (const std::string& layer : layers) {
    const auto found = std::ranges::find(rows, layer, &NamedRows::name);
    HGQ_CHECK(found != rows.end(), ConfigError, "the model's ", what, "s are ", quoted_names(layers),
              ", but the data give no ", what, " '", layer, "'; give a dataset for each of them, by its name");
    arranged.push_back(std::move(*found));
    rows.erase(found);
  }
  HGQ_CHECK(rows.empty(), ConfigError, "the data give the ", what, " '", rows.empty() ? "" : rows[0].name,
            "', which the model does not have", suggestion(rows.empty() ? "" : rows[0].name, layers));
  rows = std::move(arranged);
}

void arrange_weights(RowSet& set, const std::vector<std::string>& outputs) {
  if (set.weights.empty()) return;
  if (set.weights.size() == 1 && set.weights[0].name.empty()) {
    set.weights[0].name = outputs.size() == 1 ? outputs[0] : "sample_weights";
    return;
  }
  for (const std::string& output : outputs) {
    if (std::ranges::find(set.weights, output, &NamedRows::name) == set.weights.end())
      set.weights.push_back({output, std::make_unique<OneRows>(set.size())});
  }
  arrange(set.weights, outputs, "sample weight");
}

MemoryDataset load_hdf5(const std::string& path, const std::string& x, const std::string& y) {
  DataFiles files;
  SetSpec spec{path, {{x, {"", {x}, ""}}}, {}};
  if (!y.empty()) spec.targets.push_back({y, {"", {y}, ""}});
  HGQ_CHECK(files.open(path).kind() == FileKind::kHdf5, FileError, path, ": is a ", to_string(files.open(path).kind()),
            " file, expected HDF5");
  RowSet rows = open_rows(spec, files);
  FieldSet set;
  set.input_count = 1;
  set.fields.push_back(FieldReader::input(x, std::move(rows.inputs[0].rows), {}));
  if (!y.empty()) set.fields.push_back(FieldReader::plain(y, std::move(rows.targets[0].rows)));
  return load_fields(set);
}

}  // namespace hgq
