// Compares two recordings of the main mix window by window: how far below the second is their difference? Two desks
// in the same state that play the same files differ by dither only, so a step of a show that was not carried out, or
// was carried out wrongly, stands out.
//
//   compare_mixes LIVE LATE REFERENCE MAX_RESIDUAL_DB FROM_S TO_S [FROM_S TO_S ...]
//
// LATE: by how many frames LIVE comes after REFERENCE (the look-ahead of main's limiter; a render has none). Prints a
// line a window; exit code 1 if any residual is above MAX_RESIDUAL_DB (relative to the reference's level; windows in
// which the reference is silent demand silence, below -90 dBFS).
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <exception>

#include "daemon/disk/audio_file.h"

namespace {

double db(double power) { return power > 0 ? 10 * std::log10(power) : -200; }

struct Window {
  double difference = 0, reference = 0, live = 0;
};

Window measure(const fohd::AudioClip& live, std::size_t late_samples, const fohd::AudioClip& reference,
               std::size_t from, std::size_t to) {
  Window window;
  for (std::size_t i = from; i < to; ++i) {
    const double a = static_cast<double>(live.samples[i + late_samples]), b = static_cast<double>(reference.samples[i]);
    window.difference += (a - b) * (a - b);
    window.reference += b * b;
    window.live += a * a;
  }
  const auto samples = static_cast<double>(to - from);
  return {window.difference / samples, window.reference / samples, window.live / samples};
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc < 7 || argc % 2 != 1)
    return std::fputs("usage: compare_mixes LIVE LATE REFERENCE MAX_DB FROM TO ...\n", stderr), 3;
  constexpr int kRate = 48000;
  const auto live = fohd::read_audio_file(argv[1], kRate), reference = fohd::read_audio_file(argv[3], kRate);
  const auto late_samples = static_cast<std::size_t>(std::atoi(argv[2])) * 2;
  const double max_db = std::atof(argv[4]);
  int bad = 0;
  for (int i = 5; i + 1 < argc; i += 2) {
    const auto from = static_cast<std::size_t>(std::atof(argv[i]) * kRate) * 2;
    const auto to = static_cast<std::size_t>(std::atof(argv[i + 1]) * kRate) * 2;
    if (to <= from || to + late_samples > live.samples.size() || to > reference.samples.size()) {
      std::printf("%7s..%-7s s  is not in both files\n", argv[i], argv[i + 1]);
      ++bad;
      continue;
    }
    const Window window = measure(live, late_samples, reference, from, to);
    const double residual_db = db(window.difference) - db(window.reference);
    const bool silent = db(window.reference) < -90;
    const bool fine = silent ? db(window.live) < -90 : residual_db <= max_db;
    bad += !fine;
    std::printf("%7s..%-7s s  reference %6.1f dBFS  live %6.1f dBFS  difference %6.1f dB  %s\n", argv[i], argv[i + 1],
                db(window.reference), db(window.live), residual_db, fine ? "ok" : "DIFFERS");
  }
  return bad != 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
