#include "hgq/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "data_files.h"
#include "hgq/data/unpacked.h"

namespace hgq {
namespace idx_test {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string idx(char type, const std::vector<uint32_t>& sizes, const std::string& values) {
  return std::string{'\0', '\0', type, static_cast<char>(sizes.size())} + swapped(sizes) + values;
}

class Idx : public ::testing::Test {
 protected:
  std::unique_ptr<RowSource> open(const std::string& content) {
    return open_idx(open_bytes(write_text(folder, "x-idx", content)));
  }
  std::unique_ptr<Bytes> unpack(const std::string& path) {
    std::shared_ptr<const Bytes> file = open_bytes(path);
    EXPECT_TRUE(is_gzip(*file));
    return unpacked({.bytes = std::move(file), .form = PackedStream::Form::kGzip}, int64_t{1} << 30U);
  }
  TemporaryFolder folder;
};

TEST_F(Idx, ImagesOfBytes) {
  const auto rows = open(idx('\x08', {2, 1, 3}, "\x01\x02\x03\x04\x05\xff"));
  EXPECT_EQ(rows->rows(), 2);
  EXPECT_EQ(rows->sample(), (Shape{1, 3}));
  EXPECT_THAT(all_values(*rows), ElementsAre(1, 2, 3, 4, 5, 255));
}

TEST_F(Idx, EveryType) {
  EXPECT_THAT(all_values(*open(idx('\x09', {2}, raw(std::vector<int8_t>{-1, 2})))), ElementsAre(-1, 2));
  EXPECT_THAT(all_values(*open(idx('\x0b', {2}, swapped(std::vector<int16_t>{-300, 2})))), ElementsAre(-300, 2));
  EXPECT_THAT(all_values(*open(idx('\x0c', {2}, swapped(std::vector<int32_t>{-70000, 2})))), ElementsAre(-70000, 2));
  EXPECT_THAT(all_values(*open(idx('\x0d', {2}, swapped(std::vector<float>{0.1F, 2})))), ElementsAre(0.1F, 2));
  EXPECT_THAT(all_values(*open(idx('\x0e', {2}, swapped(std::vector<double>{0.1, 2})))), ElementsAre(0.1F, 2));
}

TEST_F(Idx, GzipIsUnpackedAlsoInSeveralMembers) {
  const std::string content = idx('\x08', {300000}, std::string(300000, '\7'));
  const std::string both = gzip(content.substr(0, 1000)) + gzip(content.substr(1000));
  const std::vector<float> values = all_values(*open_idx(unpack(write_text(folder, "x.gz", both))));
  EXPECT_EQ(values, std::vector<float>(300000, 7.0F));
}

TEST_F(Idx, DamageIsNamed) {
  EXPECT_THAT(message_of([&] {
                open(idx('\x08', {2, 3}, "12345"));
              }),
              HasSubstr("x-idx: is cut off: the shape [2, 3] needs 6 bytes"));
  EXPECT_THAT(message_of([&] { open(idx('\x07', {2}, "12")); }), HasSubstr("is not an IDX file"));
  EXPECT_THAT(message_of([&] {
                open(idx('\x08', {4294967295U, 4294967295U, 4294967295U}, ""));
              }),
              HasSubstr("more values than fit into any memory"));
  const std::string packed = gzip(idx('\x08', {1000}, std::string(1000, '\1')));
  const auto message = [&](const std::string& content) {
    return message_of([&] { unpack(write_text(folder, "x.gz", content)); });
  };
  EXPECT_EQ(message(packed), "no error");
  EXPECT_THAT(message(packed.substr(0, packed.size() - 9)), HasSubstr("x.gz: is packed, and its end is missing"));
  EXPECT_THAT(message(packed + "tail"), HasSubstr("x.gz: cannot be unpacked (incorrect"));
  std::string wrong = packed;
  wrong[wrong.size() - 6] = static_cast<char>(wrong[wrong.size() - 6] + 1);
  EXPECT_THAT(message(wrong), HasSubstr("x.gz: cannot be unpacked (incorrect"));
}

}  // namespace idx_test
}  // namespace hgq
