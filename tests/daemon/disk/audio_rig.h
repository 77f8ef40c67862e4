// Audio files that tests make and read back.
#pragma once

#include <sndfile.h>
#include <cmath>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/temporary_folder.h"

namespace fohd::test {

/// Writes `frames` frames of sample(frame, channel) as float, so that reading gives the same bits.
inline void write_audio(const std::filesystem::path& path, int rate_hz, int channels, std::int64_t frames,
                        const std::function<double(std::int64_t, int)>& sample,
                        int format = SF_FORMAT_WAV | SF_FORMAT_FLOAT) {
  SF_INFO info{};
  info.samplerate = rate_hz;
  info.channels = channels;
  info.format = format;
  SNDFILE* file = sf_open(path.c_str(), SFM_WRITE, &info);
  if (file == nullptr) throw std::runtime_error(sf_strerror(nullptr));
  std::vector<float> samples(static_cast<std::size_t>(frames * channels));
  for (std::int64_t frame = 0; frame < frames; ++frame) {
    for (int channel = 0; channel < channels; ++channel) {
      samples[static_cast<std::size_t>(frame * channels + channel)] = static_cast<float>(sample(frame, channel));
    }
  }
  sf_writef_float(file, samples.data(), frames);
  sf_close(file);
}

inline double sine(std::int64_t frame, double frequency_hz, double rate_hz) {
  return std::sin(2 * M_PI * frequency_hz * static_cast<double>(frame) / rate_hz);
}

/// Reads a whole file with libsndfile alone, so that our own reader is not its own judge.
struct PlainAudio {
  SF_INFO info{};
  std::vector<float> samples;
};
inline PlainAudio read_plain(const std::filesystem::path& path) {
  PlainAudio audio;
  SNDFILE* file = sf_open(path.c_str(), SFM_READ, &audio.info);
  if (file == nullptr) throw std::runtime_error(path.string() + ": " + sf_strerror(nullptr));
  const std::size_t channels = static_cast<std::size_t>(audio.info.channels);
  std::vector<float> block(4096 * channels);
  for (sf_count_t got = 0; (got = sf_readf_float(file, block.data(), 4096)) > 0;) {
    audio.samples.insert(audio.samples.end(), block.begin(),
                         block.begin() + static_cast<std::ptrdiff_t>(got) * audio.info.channels);
  }
  sf_close(file);
  return audio;
}

}  // namespace fohd::test
