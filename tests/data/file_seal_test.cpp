#include "hgq/data/file_seal.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>

#include <fstream>
#include <iterator>

#include "data_files.h"
#include "hgq/data/h5_length.h"
#include "hgq/data/keras_file.h"

namespace hgq {
namespace file_seal_test {

using ::testing::HasSubstr;

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

class FileSeal : public ::testing::Test {
 protected:
  /// A model file as ours are.
  std::string write() {
    KerasFile file;
    file.model_config = Node::map({{"class_name", Node::string("Sequential")}});
    file.layers = {{"dense", {KerasWeight::of_floats("dense/kernel:0", Shape{2, 2}, {1, 2, 3, 4})}}};
    write_keras_file(file, folder / "m.h5", [](h5::Group& hgq) { hgq.set_attribute("extras", std::string("{}")); });
    return folder / "m.h5";
  }
  TemporaryFolder folder;
};

TEST_F(FileSeal, EveryFlippedBitOfAFileIsSeenOrChangesNothing) {
  const std::string path = write();
  const std::string whole = content_of(path);
  const KerasFile right = read_keras_file(path);
  for (size_t i = 0; i < 150; ++i) {
    std::string bytes = whole;
    const size_t at = i < 40 ? bytes.size() - 1 - i : i * 6151 % bytes.size();
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << (i % 8)));
    const std::string damaged = write_text(folder, "damaged.h5", bytes);
    try {
      const KerasFile read = read_keras_file(damaged);
      EXPECT_GE(at, whole.size() - 24) << "bit of byte " << at;
      EXPECT_EQ(read.layers[0].weights[0].floats(), right.layers[0].weights[0].floats());
    } catch (const FileError& error) {
      EXPECT_THAT(error.what(), HasSubstr("its bytes do not match the checksum at its end"));
    }
  }
}

TEST_F(FileSeal, LibhdfFiveReadsASealedFileAndBreaksTheSealWhenItWrites) {
  const std::string path = write();
  EXPECT_TRUE(content_of(path).substr(content_of(path).size() - 24).starts_with("\nhgqseal"));
  const hid_t file = H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
  ASSERT_GE(file, 0);
  const hid_t space = H5Screate(H5S_SCALAR);
  H5Aclose(H5Acreate2(file, "note", H5T_NATIVE_INT, space, H5P_DEFAULT, H5P_DEFAULT));
  H5Sclose(space);
  H5Fclose(file);
  EXPECT_EQ(content_of(path).find("\nhgqseal"), std::string::npos);
  EXPECT_THAT(message_of([&] { read_keras_file(path); }), HasSubstr("was changed by another program"));
}

// Old and new superblocks; the seal is behind what libhdf5 calls the file.
TEST_F(FileSeal, AFileThatIsCutOffIsSeenByItsHeader) {
  for (const bool newest : {false, true}) {
    const std::string path = newest ? folder / "new.h5" : write();
    if (newest) {
      const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
      H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
      H5Fclose(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, access));
      H5Pclose(access);
    }
    const std::string whole = content_of(path);
    EXPECT_NO_THROW(check_h5_length(*open_bytes(path)));
    const size_t end = whole.size() - (newest ? 0 : 24);
    for (const size_t size : {size_t{3}, size_t{9}, size_t{20}, size_t{40}, end / 2, end - 1}) {
      const std::string cut = write_text(folder, "cut.h5", whole.substr(0, size));
      EXPECT_THROW(check_h5_length(*open_bytes(cut)), FileError) << size;
    }
    EXPECT_THAT(
        message_of([&] { check_h5_length(*open_bytes(write_text(folder, "cut.h5", whole.substr(0, end - 1)))); }),
        HasSubstr(concat("is cut off: it has ", end - 1, " bytes of ", end)));
  }
  EXPECT_THROW(check_h5_length(*open_bytes(write_text(folder, "t", "text"))), FileError);
  EXPECT_THROW(check_h5_length(*open_bytes(write_text(folder, "t", "\x89HDF\r\n\x1a\n\x09" + std::string(60, 'x')))),
               FileError);
}

TEST_F(FileSeal, SaysHowLongTheContentIs) {
  const std::string path = write_text(folder, "f", "content" + seal_of(std::string("content")));
  EXPECT_NO_THROW(check_seal(*open_bytes(path)));
  const std::string longer = write_text(folder, "g", "more " + content_of(path));
  EXPECT_THROW(check_seal(*open_bytes(longer)), FileError);
}

}  // namespace file_seal_test
}  // namespace hgq
