// session.toml of `fohd stems`: a band that is taken has a length, and plays only what it has.
#include <cmath>

#include "daemon/offline/band.h"
#include "tests/fuzz/fuzz_files.h"

namespace {

using namespace fohd;
using namespace fohd::fuzz;

void check_session(const Band& band) {
  check(band.bars() >= 1 && std::isfinite(band.bars() * band.beats_per_bar * band.beat_frames()));
  check(band.swing >= 0 && band.swing <= 1);
  check(!band.channels.empty());
  for (const BandChannel& channel : band.channels) {
    check(channel.file.find('/') == std::string::npos && channel.file.find('\0') == std::string::npos);
    for (const auto& [letter, hit] : channel.hits) check(std::isfinite(hit.gain_db) && std::abs(hit.pan) <= 100);
    for (const auto& [section, pattern] : channel.play) {
      int bars = 0;
      for (const PatternHit& hit : parse_pattern(pattern, band.beats_per_bar, bars)) {
        check(channel.hits.contains(hit.hit) && hit.bar < bars && hit.beat < band.beats_per_bar);
      }
      check(bars >= 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Folder folder;
  static const std::filesystem::path sample = folder.write("a", "");
  try {
    check_session(load_band(folder.write("session.toml", as_text(data, size))));
  } catch (const FileError& error) {
    check(*error.what() != '\0');
  }
  return 0;
}
