// Files that an HDF5 file names: external links, the sources of virtual datasets, external storage. For data/h5*.cpp
// only.
//
// A file from somebody else must not make the program read other files: the files that it names have to be in its own
// folder, or in a folder inside it, unless the user allows more. External storage is never read, because it reads the
// bytes of any file as numbers.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hgq/data/h5.h"

namespace hgq::h5 {

/// What a file may do, and which parts of it have been checked already; shared by all groups of one opened file.
struct Permissions {
  bool anywhere = false;                 // the file may name files in any folder
  int depth = 0;                         // the number of files that led to this one
  bool watched = false;                  // in a child process, whose memory is limited: chunks are not checked
  std::set<std::string> checked_sets{};  // datasets whose claims were checked
  std::map<std::string, std::vector<bool>>
      checked_chunks{};             // for each dataset: the rows of chunks that unpack to their size
  std::array<Id, 3> link_access{};  // of each LinkAccess::To, made when it is needed first
  std::shared_ptr<std::string> refused = std::make_shared<std::string>();  // why the last link was not followed
};

/// Access properties with which libhdf5 follows external links only as `permissions` allow.
class LinkAccess {
 public:
  enum class To : uint8_t { kLink, kGroup, kDataset };
  /// Only one of a file is used at a time.
  LinkAccess(Permissions& permissions, To to);

  int64_t id() const { return *properties_; }
  /// Throws FileError if a link was not followed since this object was made.
  void check_followed(const std::string& place) const;

 private:
  std::shared_ptr<std::string> refused_;
  Id properties_;
};

/// Throws FileError if the dataset has external storage.
void check_no_external_storage(int64_t creation, const std::string& place);

/// Throws FileError unless each source of a virtual dataset exists and contains the values that are taken from it.
/// `file` is the path of the file that contains the dataset.
void check_sources(int64_t creation, const std::string& file, Permissions& permissions, const std::string& place);

/// Throws FileError if a chunk of a source unpacks to more than its size.
void check_chunks_of_sources(int64_t creation, const std::string& file, const Permissions& permissions);

/// The bytes that the sources of a virtual dataset store; each source counts once.
int64_t stored_in_sources(int64_t creation, const std::string& file, const Permissions& permissions);

/// How many of the `values` values come from no source.
int64_t unmapped_values(int64_t creation, int64_t values);

}  // namespace hgq::h5
