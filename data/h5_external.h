// Files that an HDF5 file names: external links, the sources of virtual datasets, external storage. For data/h5*.cpp
// only.
//
// A file that somebody gave us must not make us read others: what it names has to lie in its own folder, or below it,
// unless the user allows more. External storage is never read: it takes the bytes of any file for numbers.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "hgq/data/h5.h"

namespace hgq::h5 {

/// What a file is allowed, and what of it was looked at already; shared by all groups of one opened file.
struct Permissions {
  bool anywhere = false;                 // files in any folder may be named
  int depth = 0;                         // files that led here
  bool watched = false;                  // a child process, whose memory is watched: its chunks may be what they are
  std::set<std::string> checked_sets{};  // datasets that were found to be what they claim
  std::map<std::string, std::vector<bool>> checked_chunks{};  // of datasets: rows of chunks that unpack to their size
};

/// Access properties that let an external link lead only to where `permissions` allow.
class LinkAccess {
 public:
  enum class To : uint8_t { kLink, kGroup, kDataset };
  LinkAccess(const Permissions& permissions, To to);
  LinkAccess(const LinkAccess&) = delete;
  LinkAccess& operator=(const LinkAccess&) = delete;

  int64_t id() const { return *properties_; }
  /// Throws FileError where a link was not followed.
  void check_followed(const std::string& place) const;
  void refuse(std::string reason) { refused_ = std::move(reason); }

 private:
  std::string refused_;
  Id properties_;
};

/// Throws FileError where the dataset has external storage.
void check_no_external_storage(int64_t creation, const std::string& place);

/// Throws FileError unless each source of a virtual dataset is there and holds what is taken from it. `file`: path of
/// the file that the dataset lies in.
void check_sources(int64_t creation, const std::string& file, Permissions& permissions, const std::string& place);

/// Throws FileError where a chunk of a source unpacks to more than its size.
void check_chunks_of_sources(int64_t creation, const std::string& file, const Permissions& permissions);

/// Bytes that the sources of a virtual dataset store, each counted once.
int64_t stored_in_sources(int64_t creation, const std::string& file, const Permissions& permissions);

/// How many of `values` no source gives.
int64_t unmapped_values(int64_t creation, int64_t values);

}  // namespace hgq::h5
