// h5_equal A B: whether two HDF5 files of ours hold the same, dataset by dataset and attribute by attribute, bit by
// bit; prints what differs and ends with 1 where they do not. What is time is left out: the seconds of the history in a
// checkpoint, and the checksum over them.
#include <cstring>
#include <iostream>
#include <nlohmann/json.hpp>

#include "hgq/core/error.h"
#include "hgq/data/h5.h"

namespace hgq {
namespace {

class Comparison {
 public:
  bool equal(const h5::Group& a, const h5::Group& b) {
    compare(a, b, "");
    return differences_ == 0;
  }

 private:
  void differ(const std::string& what) {
    if (++differences_ <= 20) std::cout << what << "\n";
  }

  void compare(const h5::Group& a, const h5::Group& b, const std::string& path) {
    if (a.names() != b.names()) return differ(path + "/: other members");
    if (a.attribute_names() != b.attribute_names()) return differ(path + "/: other attributes");
    for (const std::string& name : a.attribute_names()) compare_attribute(a, b, path, name);
    for (const std::string& name : a.names()) {
      const std::string below = path + "/" + name;
      if (a.is_group(name) != b.is_group(name)) {
        differ(below + ": a group and a dataset");
      } else if (a.is_group(name)) {
        compare(a.group(name), b.group(name), below);
      } else {
        compare_dataset(a, b, below, name);
      }
    }
  }

  void compare_attribute(const h5::Group& a, const h5::Group& b, const std::string& path, const std::string& name) {
    if (path == "/hgq" && name == "checksum") return;
    const std::string left = attribute(a, name);
    const std::string right = attribute(b, name);
    if (left != right)
      differ(path + ", attribute " + name + ": " + left.substr(0, 300) + " and " + right.substr(0, 300));
  }

  static std::string attribute(const h5::Group& group, const std::string& name) {
    std::string text;
    try {
      for (const std::string& part : group.attribute_strings(name)) text += without_seconds(part) + "\n";
    } catch (const Error&) {  // numbers
      for (const double value : group.attribute_doubles(name)) text += concat(value, "\n");
    }
    return text;
  }

  static std::string without_seconds(const std::string& text) {
    nlohmann::json json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object() || !json.contains("history") || !json["history"].is_object()) return text;
    // The rows lie in history.csv, of which the size and a checksum are kept.
    for (const char* const key : {"bytes", "checksum"}) json["history"].erase(key);
    return json.dump();
  }

  void compare_dataset(const h5::Group& a, const h5::Group& b, const std::string& path, const std::string& name) {
    const h5::DatasetInfo left = a.info(name);
    const h5::DatasetInfo right = b.info(name);
    if (left.shape != right.shape || left.type != right.type || left.bytes != right.bytes)
      return differ(path + ": another shape or type");
    bool same = false;
    if (left.type == h5::TypeClass::kString) {
      same = a.read_strings(name) == b.read_strings(name);
    } else if (left.type == h5::TypeClass::kInteger) {
      same = a.read_integers(name) == b.read_integers(name);
    } else {
      const std::vector<double> x = a.read_doubles(name);
      const std::vector<double> y = b.read_doubles(name);
      same = x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(double)) == 0;
      for (size_t i = 0; i < x.size() && !same; ++i) {
        if (std::memcmp(&x[i], &y[i], sizeof(double)) == 0) continue;
        return differ(concat(path, "[", i, "]: ", x[i], " and ", y[i]));
      }
    }
    if (!same) differ(path + ": other values");
  }

  int differences_ = 0;
};

}  // namespace
}  // namespace hgq

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "h5_equal A B\n";
    return 2;
  }
  try {
    return hgq::Comparison().equal(hgq::h5::File::open(argv[1]), hgq::h5::File::open(argv[2])) ? 0 : 1;
  } catch (const std::exception& e) {
    std::cerr << "h5_equal: " << e.what() << "\n";
    return 2;
  }
}
