// Audio files in: WAV, FLAC, AIFF, Ogg, RF64 through libsndfile, mono or stereo, any rate, brought to the rate of the
// engine by libsamplerate while they are read. A file of any length costs a few blocks of memory.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace fohd {

/// Something is wrong with a file. what() is a whole sentence for a person: it names the file and what is allowed.
class FileError : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct AudioFileInfo {
  std::int64_t frames = 0;  ///< at the file's own rate
  int channels = 0;         ///< 1 or 2
  int rate_hz = 0;
};

/// [control, disk] Opens the file and reads some of it. Throws FileError: missing, no regular file, not an audio file,
/// damaged, empty, more than two channels, or it claims more than 10^12 frames.
AudioFileInfo inspect_audio_file(const std::filesystem::path& path);

/// `best`: 145 dB, for offline work. `live`: 121 dB, a fifth of the work, for the disk thread.
enum class ResampleQuality { best, live };

/// One file, read from its beginning to its end at `rate_hz`. [disk, control] One thread at a time.
class AudioFileReader {
 public:
  /// Throws FileError like inspect_audio_file(). rate_hz 8,000..192,000.
  AudioFileReader(const std::filesystem::path& path, int rate_hz, ResampleQuality quality);
  ~AudioFileReader();
  AudioFileReader(AudioFileReader&&) noexcept;
  AudioFileReader& operator=(AudioFileReader&&) noexcept;

  const AudioFileInfo& info() const noexcept;
  /// Frames at rate_hz that the whole file gives, rounded up.
  std::int64_t frames() const noexcept;

  /// Fills interleaved frames (info().channels samples each) and returns how many there were: fewer than asked only at
  /// the end of the file. Samples that are no sound, that is not finite or beyond +30 dBFS (31.6), come as 0, whether
  /// the file has them or the resampler made them. Throws FileError if the file breaks off.
  std::int64_t read(std::span<float> interleaved);
  /// A sentence for a person if there were such samples in what was read so far; else "".
  std::string warning() const;
  /// Back to the first frame, as if just opened.
  void rewind();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// [control] A whole file as interleaved samples at rate_hz. For short files (samples of the demo band): throws
/// FileError for more than 40 million frames.
struct AudioClip {
  int channels = 0;
  std::vector<float> samples;
  std::string warning = {};  ///< as AudioFileReader::warning()
  std::int64_t frames() const noexcept {
    return channels == 0 ? 0 : static_cast<std::int64_t>(samples.size()) / channels;
  }
};
AudioClip read_audio_file(const std::filesystem::path& path, int rate_hz,
                          ResampleQuality quality = ResampleQuality::best);

/// [control] The clip with `ratio` times as many frames, as a tape played slower. ratio 1/256..256.
AudioClip resample(const AudioClip& clip, double ratio, ResampleQuality quality = ResampleQuality::best);

}  // namespace fohd
