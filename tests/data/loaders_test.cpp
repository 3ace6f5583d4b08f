#include "hgq/data/loaders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "data_files.h"
#include "hgq/data/h5.h"

namespace hgq {
namespace loaders_test {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class Loaders : public ::testing::Test {
 protected:
  FileKind kind(const std::string& name, const std::string& content) {
    return DataFile::open(write_text(folder, name, content), {})->kind();
  }
  std::string h5_file(const std::string& name = "d.h5") {
    h5::File out = h5::File::create(folder / name);
    const std::vector<float> x = {1, 2, 3, 4, 5, 6};
    const std::vector<int32_t> y = {0, 1, 1};
    out.write_floats("x", ConstTensorView{x.data(), Shape{3, 2}});
    out.write_int32("y", y, Shape{3});
    out.write_strings("names", std::vector<std::string>{"a", "b", "a"});
    out.write_floats("deep/x", ConstTensorView{x.data(), Shape{2, 3}});
    out.flush();
    return folder / name;
  }
  TemporaryFolder folder;
};

TEST_F(Loaders, TheKindIsFoundByContent) {
  const std::string array = npy("<f4", Shape{2}, std::vector<float>{1, 2});
  EXPECT_EQ(DataFile::open(h5_file("misnamed.csv"), {})->kind(), FileKind::kHdf5);
  EXPECT_EQ(kind("a.csv", array), FileKind::kNpy);
  EXPECT_EQ(kind("b.h5", zip({{"x.npy", array}}, true)), FileKind::kNpz);
  EXPECT_EQ(kind("c", std::string("\0\0\x08\1\0\0\0\2ab", 10)), FileKind::kIdx);
  EXPECT_EQ(kind("d", gzip(std::string("\0\0\x08\1\0\0\0\2ab", 10))), FileKind::kIdx);
  EXPECT_EQ(kind("e.npy", "1,2\n3,4\n"), FileKind::kCsv);
  EXPECT_EQ(kind("f.gz", gzip("1,2\n3,4\n")), FileKind::kCsv);
  EXPECT_EQ(to_string(FileKind::kNpz), "NPZ");
}

TEST_F(Loaders, OtherKindsAreNamed) {
  const auto message = [&](const std::string& content) { return message_of([&] { kind("a", content); }); };
  EXPECT_THAT(message("PAR1...."), HasSubstr("a: is a Parquet file; HDF5, NPZ, NPY, IDX and CSV can be read"));
  EXPECT_THAT(message("root\0\0"), HasSubstr("is a ROOT file"));
  EXPECT_THAT(message("\x80\x04\x95..."), HasSubstr("is a Python pickle"));
  EXPECT_THAT(message(std::string("\1\2\3\0\0", 5)), HasSubstr("is no data file of a known kind"));
  EXPECT_THAT(message(""), HasSubstr("a: is empty"));
  EXPECT_THAT(message_of([&] { DataFile::open(folder / "none", {}); }), HasSubstr("none: there is no such file"));
  EXPECT_THAT(message_of([&] { DataFile::open(folder.path(), {}); }), HasSubstr("is a folder, expected a data file"));
  EXPECT_THAT(message_of([&] { DataFile::open("/dev/null", {}); }), HasSubstr("is not a regular file"));
}

TEST_F(Loaders, ArraysOfEveryKind) {
  DataFiles files;
  const DataFile& hdf5 = files.open(h5_file());
  EXPECT_THAT(all_values(*hdf5.rows({"deep/x"}, false)), ElementsAre(1, 2, 3, 4, 5, 6));
  EXPECT_THAT(hdf5.rows({"names"}, true)->read_text(0, 3), ElementsAre("a", "b", "a"));
  const std::string array = npy("<i8", (Shape{2, 1}), std::vector<int64_t>{7, 8});
  const DataFile& npz = files.open(write_text(folder, "d.npz", zip({{"x.npy", array}}, true)));
  EXPECT_THAT(all_values(*npz.rows({"x"}, false)), ElementsAre(7, 8));
  EXPECT_EQ(npz.rows({"x"}, false)->sample(), Shape{1});
  EXPECT_THAT(all_values(*files.open(write_text(folder, "x.npy", array)).rows({}, false)), ElementsAre(7, 8));
  EXPECT_THAT(all_values(*files.open(write_text(folder, "x.csv", "a,b\n1,2\n")).rows({"b"}, false)), ElementsAre(2));
}

TEST_F(Loaders, NamesThatAreNotThereAreListed) {
  DataFiles files;
  const DataFile& hdf5 = files.open(h5_file());
  const auto message = [](const DataFile& file, const std::vector<std::string>& names, bool text = false) {
    return message_of([&] { file.rows(names, text); });
  };
  EXPECT_THAT(message(hdf5, {"Y"}), AllOf(HasSubstr("/Y: does not exist"), HasSubstr("'deep', 'names', 'x', 'y'"),
                                          HasSubstr("did you mean 'y'")));
  EXPECT_THAT(message(hdf5, {"deep"}), HasSubstr("is a group, expected a dataset; it holds 'x'"));
  EXPECT_THAT(message(hdf5, {"x", "y"}), HasSubstr("one dataset is expected, 'x', 'y' are given"));
  EXPECT_THAT(message(hdf5, {"names"}), HasSubstr("holds text of shape [3], expected numbers"));
  const std::string array = npy("<f4", Shape{2}, std::vector<float>{1, 2});
  const DataFile& npz =
      files.open(write_text(folder, "d.npz", zip({{"x_train.npy", array}, {"x_test.npy", array}}, false)));
  EXPECT_THAT(message(npz, {"x_trian"}), AllOf(HasSubstr("has no array 'x_trian'; it holds 'x_train', 'x_test'"),
                                               HasSubstr("did you mean 'x_train'")));
  const DataFile& npy_file = files.open(write_text(folder, "x.npy", array));
  EXPECT_THAT(message(npy_file, {"x"}),
              HasSubstr("is an NPY file, which holds one array without a name, but 'x' is asked for"));
}

TEST_F(Loaders, SetsOfNamedArraysFromSeveralFiles) {
  const std::string path = h5_file();
  const std::string labels = write_text(folder, "y.npy", npy("<i4", Shape{3}, std::vector<int32_t>{0, 1, 0}));
  DataFiles files;
  const SetSpec spec{path, {{"muon", {.names = {"x"}}}, {"mask", {.names = {"y"}}}}, {{"", {.file = labels}}}};
  RowSet set = open_rows(spec, files);
  EXPECT_EQ(set.size(), 3);
  EXPECT_EQ(set.inputs[1].name, "mask");
  arrange(set.inputs, {"mask", "muon"}, "input");
  EXPECT_EQ(set.inputs[0].name, "mask");
  EXPECT_EQ(set.inputs[1].rows->sample(), Shape{2});
  arrange(set.targets, {"dense"}, "output");
  EXPECT_EQ(set.targets[0].name, "dense");
}

TEST_F(Loaders, ArraysThatDoNotBelongTogether) {
  const std::string path = h5_file();
  DataFiles files;
  const SetSpec rows{
      path, {{"", {.names = {"x"}, .place = "c.yaml:3:11"}}}, {{"", {.names = {"deep/x"}, .place = "c.yaml:4:12"}}}};
  EXPECT_THAT(message_of([&] { open_rows(rows, files); }),
              AllOf(HasSubstr("c.yaml:4:12: "), HasSubstr("/deep/x: has 2 rows, but "), HasSubstr("/x has 3")));
  EXPECT_THAT(message_of([&] { open_rows(SetSpec{path, {}, {}}, files); }), HasSubstr("no inputs are chosen"));
  EXPECT_THAT(message_of([&] {
                open_rows(SetSpec{"", {{"", {.names = {"x"}}}}, {}}, files);
              }),
              HasSubstr("no file is given"));
  RowSet set = open_rows(SetSpec{path, {{"muon", {.names = {"x"}}}}, {}}, files);
  EXPECT_THAT(message_of([&] { arrange(set.inputs, {"mask"}, "input"); }),
              HasSubstr("the model's inputs are 'mask', but the data give no input 'mask'"));
  set = open_rows(SetSpec{path, {{"a", {.names = {"x"}}}, {"mussk", {.names = {"y"}}}}, {}}, files);
  EXPECT_THAT(message_of([&] { arrange(set.inputs, {"a"}, "input"); }),
              HasSubstr("the data give the input 'mussk', which the model does not have"));
}

TEST_F(Loaders, WideNumbersKeepWhatTheyAre) {
  const std::vector<int64_t> codes = {9007199254740993, -9007199254740993, 1000020040};
  const std::vector<uint64_t> large = {18446744073709551615U, 9223372036854775809U, 0};
  const std::vector<double> times = {1700000000.25, 1700000000.5, 0.1};
  {
    h5::File file = h5::File::create(folder / "wide.h5");
    file.write_int64("codes", codes, Shape{3});
    file.write_doubles("times", times, Shape{3, 1});
    file.flush();
  }
  DataFiles files;
  const auto check = [&](const std::string& path, const std::string& name, const auto& values, NumberWidth width) {
    const DataFile& file = files.open(path);
    const auto rows = file.rows(name.empty() ? std::vector<std::string>{} : std::vector<std::string>{name}, true);
    EXPECT_EQ(rows->width(), width) << path;
    std::vector<Label> labels(3);
    rows->read(0, 3, std::span(labels));
    std::vector<double> doubles(3);
    rows->read(0, 3, std::span(doubles));
    std::vector<float> floats(3);
    rows->read(0, 3, std::span(floats));
    const auto cached =
        cached_rows(file.rows(name.empty() ? std::vector<std::string>{} : std::vector<std::string>{name}, true), width);
    std::vector<Label> again(3);
    cached->read(0, 3, std::span(again));
    for (size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(labels[i], static_cast<Label>(values[i])) << path << " " << i;
      EXPECT_EQ(doubles[i], static_cast<double>(values[i])) << path << " " << i;
      EXPECT_EQ(floats[i], static_cast<float>(values[i])) << path << " " << i;
      EXPECT_EQ(again[i], labels[i]);
    }
  };
  check(folder / "wide.h5", "codes", codes, NumberWidth::kLabel);
  check(folder / "wide.h5", "times", times, NumberWidth::kDouble);
  check(write_text(folder, "c.npy", npy("<i8", Shape{3}, codes)), "", codes, NumberWidth::kLabel);
  check(write_text(folder, "u.npy", npy("<u8", Shape{3}, large)), "", large, NumberWidth::kLabel);
  check(write_text(folder, "t.npy", npy_header("<f8", Shape{3, 1}, true) + raw(times)), "", times,
        NumberWidth::kDouble);
  check(write_text(folder, "b.npy", npy_header(">f8", Shape{3}) + swapped(times)), "", times, NumberWidth::kDouble);
  check(write_text(folder, "t.csv", "t,c\n1700000000.25,1\n1700000000.5,2\n0.1,3\n"), "t", times, NumberWidth::kLabel);
  check(write_text(folder, "c.csv", "c,d\n9007199254740993,1\n-9007199254740993,1\n1000020040,1\n"), "c", codes,
        NumberWidth::kLabel);
  check(write_text(folder, "u.csv", "18446744073709551615,x\n9223372036854775809,y\n0,z\n"), "0", large,
        NumberWidth::kLabel);
  EXPECT_EQ(files.open(h5_file()).rows({"x"}, false)->width(), NumberWidth::kFloat);
}

TEST_F(Loaders, TheShortWayToOneFile) {
  const MemoryDataset data = load_hdf5(h5_file());
  EXPECT_EQ(data.sample_shape(), Shape{2});
  EXPECT_EQ(data.y().shape, Shape{3});
  EXPECT_EQ(load_hdf5(h5_file(), "x", "").targets().size(), 0U);
  EXPECT_THAT(message_of([&] { load_hdf5(h5_file(), "x", "names"); }), HasSubstr("/names: holds text"));
  EXPECT_THAT(message_of([&] { load_hdf5(write_text(folder, "t", "1,2\n")); }),
              HasSubstr("is a CSV file, expected HDF5"));
}

struct Sample {
  const char* file;
  int64_t train, test;
  Shape x, y;
  float classes;  // 0: a regression
};

class Samples : public ::testing::TestWithParam<Sample> {};

TEST_P(Samples, AreWholeAndAsTheirReadmeSays) {
  const Sample& sample = GetParam();
  const std::string path = concat(HGQ_SOURCE_DIR, "/data/samples/", sample.file);
  const MemoryDataset train = load_hdf5(path);
  const MemoryDataset test = load_hdf5(path, "x_test", "y_test");
  EXPECT_EQ(train.size(), sample.train);
  EXPECT_EQ(test.size(), sample.test);
  EXPECT_EQ(train.sample_shape(), sample.x);
  EXPECT_EQ(test.sample_shape(), sample.x);
  EXPECT_EQ(train.targets()[0].sample, sample.y);
  if (sample.classes > 0) {
    const auto [low, high] = std::ranges::minmax(train.y().values());
    EXPECT_EQ(low, 0.0F);
    EXPECT_EQ(high, sample.classes - 1);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Samples,
                         ::testing::Values(Sample{"magic.h5", 15216, 3804, Shape{10}, Shape{}, 2},
                                           Sample{"letter.h5", 16000, 4000, Shape{16}, Shape{}, 26},
                                           Sample{"pendigits.h5", 8793, 2199, Shape{16}, Shape{}, 10},
                                           Sample{"cms_dimuon.h5", 22384, 5596, Shape{6}, Shape{1}, 0}),
                         [](const auto& sample) { return std::filesystem::path(sample.param.file).stem().string(); });

}  // namespace loaders_test
}  // namespace hgq
