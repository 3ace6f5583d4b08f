#include "fuzz_support.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iostream>

// Of the sanitizers: what runs when they have found something. Missing in builds without them.
extern "C" __attribute__((weak)) void __sanitizer_set_death_callback(void (*callback)());
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv);

namespace hgq::fuzz {
namespace {

/// The folder of this process' files, gone with it.
class Folder {
 public:
  Folder() {
    namespace fs = std::filesystem;
    const fs::path base = fs::is_directory("/dev/shm") ? fs::path("/dev/shm") : fs::temp_directory_path();
    path_ = base / concat("hgq_fuzz_", getpid());
    fs::create_directories(path_);
    owner_ = getpid();
  }
  ~Folder() {
    std::error_code ignored;
    if (getpid() == owner_) std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
  pid_t owner_ = 0;
};

const Folder& folder() {
  static const Folder kFolder;
  return kFolder;
}

/// A guard's child (data/h5_probe.h) that dies is no finding: libFuzzer's handlers must not report it.
void in_child() {
  for (const int signal : {SIGSEGV, SIGBUS, SIGABRT, SIGILL, SIGFPE, SIGXFSZ, SIGTERM, SIGINT, SIGALRM})
    std::signal(signal, SIG_DFL);
  if (__sanitizer_set_death_callback != nullptr) __sanitizer_set_death_callback(nullptr);
}

}  // namespace

std::string input_file(const uint8_t* data, size_t size, const std::string& extension) {
  const std::string path = folder().file("input" + extension);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  return path;
}

std::string output_file(const std::string& extension) { return folder().file("output" + extension); }

void read_all(const RowSource& source) {
  constexpr int64_t kValues = int64_t{1} << 20U;
  if (source.is_text()) {
    source.read_text(0, std::min<int64_t>(source.rows(), 1000));
    return;
  }
  const int64_t row = std::max<int64_t>(source.sample().size(), 1);
  if (row > kValues) return;
  std::vector<float> values;
  const int64_t step = std::min<int64_t>(64, kValues / row);
  for (int64_t first = 0; first < std::min(source.rows(), kValues / row); first += step) {
    const int64_t count = std::min(step, source.rows() - first);
    values.resize(static_cast<size_t>(count * source.sample().size()));
    source.read(first, count, values);
  }
}

std::vector<Tensor> two_rows(std::span<const Shape> samples) {
  std::vector<Tensor> rows;
  for (const Shape& sample : samples) {
    if (sample.size() > 10000) return {};
    Tensor& x = rows.emplace_back(sample.with_front(2));
    for (int64_t i = 0; i < x.size(); ++i) x.data()[i] = static_cast<float>(i % 7) - 2.75F;
  }
  return rows;
}

std::vector<ConstTensorView> views_of(const std::vector<Tensor>& tensors) {
  std::vector<ConstTensorView> views;
  for (const Tensor& t : tensors) views.push_back(t.view());
  return views;
}

}  // namespace hgq::fuzz

extern "C" int LLVMFuzzerInitialize(int* /*argc*/, char*** /*argv*/) {
  pthread_atfork(nullptr, nullptr, hgq::fuzz::in_child);
  std::cout.rdbuf(nullptr);  // what commands say; libFuzzer's own words go past the streams
  std::cerr.rdbuf(nullptr);
  if (std::freopen("/dev/null", "w", stdout) == nullptr) return 0;
  return 0;
}
