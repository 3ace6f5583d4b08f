// What a user sees for bad data files of every kind: each goes the whole way from a config to the sets of a run.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <cmath>
#include <filesystem>
#include <functional>

#include "data_files.h"
#include "hgq/data/data_sets.h"
#include "hgq/data/h5.h"

namespace hgq {
namespace bad_data_files_test {

using ::testing::HasSubstr;
using ::testing::StartsWith;

const std::vector<float> kX = {1, 2, 3, 4, 5, 6};
const std::vector<int32_t> kY = {0, 1, 2};

/// x [3, 2] and y [3] in d.h5, either of which a case may replace.
void write_h5(const TemporaryFolder& folder, const std::vector<float>& x, const Shape& shape,
              const std::vector<int32_t>& y) {
  h5::File out = h5::File::create(folder / "d.h5");
  out.write_floats("x", ConstTensorView{x.data(), shape});
  out.write_int32("y", y, Shape{static_cast<int64_t>(y.size())});
  out.flush();
}

/// Adds to d.h5 with libhdf5 itself what the wrapper does not write.
void add_raw(const TemporaryFolder& folder, const std::function<void(hid_t)>& add) {
  write_h5(folder, kX, Shape{3, 2}, kY);
  const hid_t file = H5Fopen((folder / "d.h5").c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  add(file);
  H5Fclose(file);
}

void add_dataset(hid_t file, const char* name, hid_t type, std::vector<hsize_t> extents, const void* values,
                 const std::function<void(hid_t)>& set_up) {
  const hid_t creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, static_cast<int>(extents.size()), std::vector<hsize_t>(extents.size(), 1).data());
  set_up(creation);
  const hid_t space = H5Screate_simple(static_cast<int>(extents.size()), extents.data(), nullptr);
  const hid_t set = H5Dcreate2(file, name, type, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  ASSERT_GE(set, 0);
  if (values != nullptr) H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(set);
  H5Sclose(space);
  H5Pclose(creation);
}

void add_table(hid_t file) {
  struct Row {
    float pt;
    int label;
  };
  const std::vector<Row> rows = {{1, 0}, {2, 1}, {3, 0}};
  const hid_t type = H5Tcreate(H5T_COMPOUND, sizeof(Row));
  H5Tinsert(type, "pt", HOFFSET(Row, pt), H5T_NATIVE_FLOAT);
  H5Tinsert(type, "label", HOFFSET(Row, label), H5T_NATIVE_INT);
  add_dataset(file, "table", type, {3}, rows.data(), [](hid_t) {});
  H5Tclose(type);
}

std::string npz(const TemporaryFolder& folder, const std::string& x, const std::string& y, bool deflated = true) {
  return write_text(folder, "d.npz", zip({{"x.npy", x}, {"y.npy", y}}, deflated));
}

std::string npy_x(const std::vector<float>& x = kX) { return npy("<f4", Shape{3, 2}, x); }
std::string npy_y(const std::vector<int32_t>& y = kY) { return npy("<i4", Shape{static_cast<int64_t>(y.size())}, y); }

struct Case {
  const char* name;
  std::function<void(const TemporaryFolder&)> make;
  const char* config;
  const char* message;
  TargetKind kind = TargetKind::kClassNumbers;
};

class BadDataFiles : public ::testing::TestWithParam<Case> {};

TEST_P(BadDataFiles, AreRefusedWithAMessage) {
  const Case& bad = GetParam();
  const TemporaryFolder folder;
  bad.make(folder);
  const std::string message = message_of([&] {
    ErrorList errors;
    const DataConfig config = read_data_config(Node::from_yaml(bad.config, "c.yaml", errors), folder.path(), errors);
    errors.throw_if_any();
    load_data(open_data(config), config, {"in"},
              {{"out", bad.kind == TargetKind::kNumbers ? Shape{1} : Shape{3}, bad.kind}}, 1);
  });
  EXPECT_THAT(message, HasSubstr(bad.message));
  // The message says which file, or which place of the config.
  EXPECT_THAT(message, ::testing::AnyOf(StartsWith("c.yaml:"), StartsWith(folder.path()), StartsWith("validation:"),
                                        StartsWith("data.test"), StartsWith("the ")));
}

const char* const kH5 = "file: d.h5\n";
const char* const kNpz = "file: d.npz\n";
const char* const kCsv = "file: d.csv\ninputs: 0:2\ntargets: label\n";

Case h5_case(const char* name, const std::vector<float>& x, const Shape& shape, const std::vector<int32_t>& y,
             const char* message) {
  return {name, [=](const TemporaryFolder& f) { write_h5(f, x, shape, y); }, kH5, message};
}

Case csv_case(const char* name, const std::string& text, const char* message, const char* config = kCsv) {
  return {name, [=](const TemporaryFolder& f) { write_text(f, "d.csv", text); }, config, message};
}

std::vector<Case> hdf5_cases() {
  const auto good = [](const TemporaryFolder& f) { write_h5(f, kX, Shape{3, 2}, kY); };
  return {
      {"MissingFile", [](const TemporaryFolder&) {}, kH5, "d.h5: there is no such file"},
      {"Directory", [](const TemporaryFolder& f) { std::filesystem::create_directory(f / "d.h5"); }, kH5,
       "d.h5: is a folder, expected a data file"},
      {"Empty", [](const TemporaryFolder& f) { write_text(f, "d.h5", ""); }, kH5, "d.h5: is empty"},
      {"NotHdf5", [](const TemporaryFolder& f) { write_text(f, "d.h5", std::string("\1\0\2\0", 4)); }, kH5,
       "is no data file of a known kind"},
      {"CutOff",
       [](const TemporaryFolder& f) {
         write_h5(f, kX, Shape{3, 2}, kY);
         std::filesystem::resize_file(f / "d.h5", 1000);
       },
       kH5, "damaged or cut off"},
      {"MissingDataset", good, "file: d.h5\ninputs: xx\n", "/xx: does not exist; "},
      {"MissingDatasetInAGroup", good, "file: d.h5\ninputs: x\ntargets: x/y\n",
       "/x/y: does not exist, since 'x' is not a group"},
      {"ColumnsOfNoTable", good, "file: d.h5\ninputs: x[a]\n", "the dataset has no columns"},
      {"MissingColumn", [](const TemporaryFolder& f) { add_raw(f, add_table); },
       "file: d.h5\ninputs: \"table[pt,eta]\"\n", "has no column 'eta'; its columns are 'pt', 'label'"},
      {"TableWithoutColumns", [](const TemporaryFolder& f) { add_raw(f, add_table); }, "file: d.h5\ninputs: table\n",
       "holds a table; choose columns as table[NAME,...] of 'pt', 'label'"},
      {"MissingFilter",
       [](const TemporaryFolder& f) {
         add_raw(f, [](hid_t file) {
           add_dataset(file, "b", H5T_NATIVE_FLOAT, {3, 2}, nullptr,
                       [](hid_t p) { H5Pset_filter(p, 32001, H5Z_FLAG_OPTIONAL, 0, nullptr); });
         });
       },
       "file: d.h5\ninputs: b\n", "/b: needs the filter blosc (number 32001), which this libhdf5 does not have"},
      {"HugeShape",
       [](const TemporaryFolder& f) {
         add_raw(f, [](hid_t file) {
           add_dataset(file, "b", H5T_NATIVE_FLOAT, {hsize_t{1} << 60U, 2}, nullptr, [](hid_t) {});
         });
       },
       "file: d.h5\ninputs: b\n", "/b: claims "},
      {"ScalarInput",
       [](const TemporaryFolder& f) {
         h5::File out = h5::File::create(f / "d.h5");
         out.write_floats("x", ConstTensorView{kX.data(), Shape{}});
         out.flush();
       },
       kH5, "/x: is a single value, expected rows"},
      {"TextInput",
       [](const TemporaryFolder& f) {
         h5::File out = h5::File::create(f / "d.h5");
         out.write_strings("x", std::vector<std::string>{"a"});
         out.flush();
       },
       kH5, "/x: holds text of shape [1], expected numbers"},
      h5_case("Nan", {1, 2, 3, NAN, 5, NAN}, Shape{3, 2}, kY,
              "/x: holds 2 NaN values, the first in row 1 (from 0), column 1"),
      h5_case("Infinite", {1, 2, 3, 4, INFINITY, 6}, Shape{3, 2}, kY,
              "/x: holds 1 infinite (or beyond float32) value, the first in row 2 (from 0), column 0"),
      h5_case("RowsDiffer", kX, Shape{2, 3}, kY, "/y: has 3 rows, but "),
      h5_case("NoRows", {}, Shape{0, 2}, {}, "/x: has no rows"),
      h5_case("NoValuesInARow", {}, Shape{3, 0}, kY, "/x: has rows of shape [0], which hold no values"),
      h5_case("LabelTooLarge", kX, Shape{3, 2}, {0, 7, 1},
              "/y: holds the label 7 in row 1 (from 0), but output 'out' has the classes 0 to 2"),
      h5_case("TooManyClassesFromMinusOne", {1, 2, 3, 4}, Shape{4, 1}, {-1, 0, 1, 2},
              "/y: has 4 classes (-1, 0, 1, 2), but the model's output 'out' has 3"),
      {"NegativeTestLabel",
       [](const TemporaryFolder& f) {
         add_raw(f, [](hid_t file) {
           const std::vector<int> y = {0, -1, 2};
           add_dataset(file, "y_test", H5T_NATIVE_INT, {3}, y.data(), [](hid_t) {});
         });
       },
       "file: d.h5\ntest: {inputs: x, targets: y_test}\n",
       "/y_test: holds the label -1 in row 1 (from 0), but output 'out' has the classes 0 to 2"},
      {"TargetOfAnotherShape", good, "file: d.h5\ntargets: x\n",
       "/x: has rows of shape [2], but the model's output 'out' of 3 classes takes class numbers of shape [], or "
       "one-hot rows of shape [3]"},
      {"ValidationTakesAll", good, "file: d.h5\nvalidation: 0.9\n", "validation: a share of 0.9 of 3 rows is 3 rows"},
      {"ValidationTakesNone", good, "file: d.h5\nvalidation: 0.01\n",
       "validation: a share of 0.01 of 3 rows is 0 rows"},
      {"InputLayerUnknown", good, "file: d.h5\ninputs: {inn: x}\n",
       "the model's inputs are 'in', but the data give no input 'in'"},
      {"TestOfAnotherShape",
       [](const TemporaryFolder& f) {
         add_raw(f, [](hid_t file) { add_dataset(file, "x_test", H5T_NATIVE_FLOAT, {3, 1}, kX.data(), [](hid_t) {}); });
       },
       "file: d.h5\ntest: {inputs: x_test, targets: y}\n", "/x_test: has rows of shape [1], but "},
  };
}

std::vector<Case> numpy_cases() {
  return {
      {"NpzMissingArray", [](const TemporaryFolder& f) { npz(f, npy_x(), npy_y()); }, "file: d.npz\ninputs: x_train\n",
       "has no array 'x_train'; it holds 'x', 'y'"},
      {"NpzCutOff", [](const TemporaryFolder& f) { std::filesystem::resize_file(npz(f, npy_x(), npy_y()), 200); }, kNpz,
       "d.npz: is a zip file without its directory at the end; it is cut off"},
      {"NpzWrongCheckSum",
       [](const TemporaryFolder& f) {
         std::string file = zip({{"x.npy", npy_x()}, {"y.npy", npy_y()}}, false);
         file[170] = static_cast<char>(file[170] + 1);
         write_text(f, "d.npz", file);
       },
       kNpz, "d.npz:x.npy: its content does not match its checksum"},
      {"NpzOfObjects", [](const TemporaryFolder& f) { npz(f, npy("|O", Shape{3}, kX), npy_y()); }, kNpz,
       "d.npz:x.npy: holds Python objects"},
      {"NpzNan",
       [](const TemporaryFolder& f) {
         npz(f, npy_x({1, 2, NAN, 4, 5, 6}), npy_y());
       },
       kNpz, "d.npz:x.npy: holds 1 NaN value, the first in row 1 (from 0), column 0"},
      {"NpzRowsDiffer",
       [](const TemporaryFolder& f) {
         npz(f, npy_x(), npy_y({0, 1}));
       },
       kNpz, "d.npz:y.npy: has 2 rows, but "},
      {"NpzFractionalLabel",
       [](const TemporaryFolder& f) {
         npz(f, npy_x(), npy("<f4", Shape{3}, std::vector<float>{0, 1, 1.5F}));
       },
       kNpz, "d.npz:y.npy: holds 1.5 in row 2 (from 0), expected a class number"},
      {"NpyCutOff",
       [](const TemporaryFolder& f) {
         write_text(f, "x.npy", npy_x().substr(0, 150));
         write_text(f, "y.npy", npy_y());
       },
       "inputs: {file: x.npy}\ntargets: {file: y.npy}\n", "c.yaml:1:9: "},
      {"NpyWithAName", [](const TemporaryFolder& f) { write_text(f, "x.npy", npy_x()); }, "file: x.npy\n",
       "is an NPY file, which holds one array without a name, but 'x' is asked for"},
      {"IdxCutOff",
       [](const TemporaryFolder& f) { write_text(f, "x", std::string("\0\0\x08\2\0\0\0\3\0\0\0\2ab", 14)); },
       "inputs: {file: x}\ntargets: {file: x}\n", "x: is cut off: the shape [3, 2] needs 6 bytes"},
      {"GzipCutOff",
       [](const TemporaryFolder& f) { write_text(f, "x.gz", gzip(std::string(1000, 'a')).substr(0, 15)); },
       "inputs: {file: x.gz}\ntargets: {file: x.gz}\n", "x.gz: is packed, and its end is missing"},
      {"Parquet", [](const TemporaryFolder& f) { write_text(f, "d.h5", "PAR1abc"); }, kH5,
       "d.h5: is a Parquet file; HDF5, NPZ, NPY, IDX and CSV can be read"},
  };
}

std::vector<Case> csv_cases() {
  return {
      csv_case("CsvRagged", "a,b,label\n1,2,0\n3,4\n", "d.csv:3: has 2 fields, expected 3 as in line 1"),
      csv_case("CsvTextInANumericColumn", "a,b,label\n1,2,0\n3,four,1\n",
               "d.csv:3: column 'b' holds 'four', expected a number"),
      csv_case("CsvTextInTheLabels", "a,b,label\n1,2,0\n3,4,one\n",
               "d.csv:3: column 'label' holds 'one', expected a number"),
      csv_case("CsvEmptyField", "a,b,label\n1,2,0\n,4,1\n", "d.csv:3: column 'a' is empty, expected a number"),
      csv_case("CsvNan", "a,b,label\n1,2,0\nnan,4,1\n",
               "d.csv:3: column 'a' holds 'nan', expected a number; if the value is missing, csv: {missing: drop}"),
      csv_case("CsvMissingColumn", "a,b,lable\n1,2,0\n",
               "has no column 'label'; its columns are 'a', 'b', 'lable'; did you mean 'lable'?"),
      csv_case("CsvRangeTooWide", "a,label\n1,2\n", "columns 0:3 are asked for, but there are 2",
               "file: d.csv\ninputs: 0:3\ntargets: label\n"),
      csv_case("CsvWithoutHeader", "1,2,0\n3,4,1\n", "has no header, so there is no column 'label'"),
      csv_case("CsvOnlyHeader", "a,b,label\n", "d.csv: has no rows below its header"),
      csv_case("CsvOpenQuote", "a,b,label\n1,2,\"0\n", "d.csv:2: a quote is never closed"),
      csv_case("CsvUnknownTestLabel", "a,b,label\n1,2,u\n3,4,v\n",
               "holds the label 'w' in line 2, but output 'out' has the classes u, v",
               "file: d.csv\ninputs: 0:2\ntargets: label\ntest: {file: t.csv}\n"),
      {"CsvTextForARegression", [](const TemporaryFolder& f) { write_text(f, "d.csv", "a,b,label\n1,2,u\n"); }, kCsv,
       "column 'label': holds text, but the loss on output 'out' takes numbers", TargetKind::kNumbers},
  };
}

std::vector<Case> all_cases() {
  std::vector<Case> all = hdf5_cases();
  for (Case& bad : numpy_cases()) all.push_back(std::move(bad));
  for (Case& bad : csv_cases()) {
    const auto make = bad.make;
    bad.make = [make](const TemporaryFolder& f) {
      make(f);
      write_text(f, "t.csv", "a,b,label\n1,2,w\n");
    };
    all.push_back(std::move(bad));
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, BadDataFiles, ::testing::ValuesIn(all_cases()),
                         [](const auto& bad) { return std::string(bad.param.name); });

}  // namespace bad_data_files_test
}  // namespace hgq
