// Audio files: what their headers claim is within the limits or the file is refused, and what is read is no more than
// what was claimed, and finite. libsndfile itself is not instrumented; what it does with memory is watched.
#include <sys/mman.h>

#include <cmath>

#include "daemon/disk/audio_file.h"
#include "tests/fuzz/fuzz_files.h"
#include "tests/ogg_pages.h"

namespace {

using namespace fohd;
using namespace fohd::fuzz;

constexpr std::int64_t kMostReadFrames = 30'000;  // more takes time only

/// A regular file that is nowhere on a disk.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(::memfd_create("audio", MFD_CLOEXEC)) { check(descriptor_ >= 0); }
  std::filesystem::path write(std::string_view bytes) const {
    check(::ftruncate(descriptor_, 0) == 0);
    check(::pwrite(descriptor_, bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_;
};

std::int64_t read_some(AudioFileReader& reader) {
  std::vector<float> block(static_cast<std::size_t>(1000 * reader.info().channels));
  std::int64_t frames = 0;
  while (frames < kMostReadFrames) {
    const std::int64_t got = reader.read(block);
    check(got >= 0 && got <= 1000);
    for (std::int64_t i = 0; i < got * reader.info().channels; ++i) {
      check(std::isfinite(block[static_cast<std::size_t>(i)]));
    }
    frames += got;
    if (got < 1000) break;
  }
  return frames;
}

void read(const std::filesystem::path& path, int rate_hz) {
  AudioFileReader reader(path, rate_hz, ResampleQuality::live);
  const AudioFileInfo& info = reader.info();
  check(info.channels >= 1 && info.channels <= 2);
  check(info.rate_hz >= 1000 && info.rate_hz <= 768'000);
  check(info.frames >= 1);
  const auto wanted = (static_cast<__int128>(info.frames) * rate_hz + info.rate_hz - 1) / info.rate_hz;
  check(reader.frames() == wanted);
  check(read_some(reader) <= reader.frames());
  reader.rewind();
  read_some(reader);
}

}  // namespace

/// libsndfile 1.2 loses some kilobytes for every damaged Ogg file that it refuses.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() { return "detect_leaks=0"; }

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const MemoryFile file;
  if (size == 0) return 0;
  try {
    std::string bytes(as_text(data, size));
    test::repair_ogg_checksums(bytes);  // else nearly every change would be a page that is left out
    read(file.write(bytes), data[size - 1] % 2 == 0 ? 48'000 : 44'100);
  } catch (const FileError& error) {
    check(*error.what() != '\0');
  }
  return 0;
}
