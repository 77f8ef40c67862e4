#include "daemon/disk/audio_file.h"

#include <samplerate.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>

#include "daemon/base/regular_file.h"
#include "daemon/disk/sndfile_pointer.h"

namespace fohd {
namespace {

constexpr std::int64_t kReadFrames = 4096;  // one turn of file reading: long enough to amortise, small in memory
constexpr int kMinFileRateHz = 1000, kMaxFileRateHz = 768'000;  // keeps the ratio inside libsamplerate's 1/256..256

struct DeleteResampler {
  void operator()(SRC_STATE* state) const noexcept { src_delete(state); }
};
using ResamplerPointer = std::unique_ptr<SRC_STATE, DeleteResampler>;

// 15 days at 768 kHz; a header that claims more is damaged, and its frames times a rate would not fit into 64 bits.
constexpr std::int64_t kMaxFileFrames = 1'000'000'000'000;
// In memory as a whole, 320 MB in stereo: what a session stretches to its longest loop, 64 beats at 20 a minute and
// 192 kHz, are 36.9 million.
constexpr std::int64_t kMaxClipFrames = 40'000'000;

// +30 dBFS: 20 dB above what a float recording of a hot mix has, and far below what a filter makes infinite.
constexpr float kLoudestSample = 31.6f;
constexpr const char* kAllowed = "allowed: WAV, FLAC, AIFF, Ogg or RF64, mono or stereo, any rate";

int converter_of(ResampleQuality quality) {
  return quality == ResampleQuality::best ? SRC_SINC_BEST_QUALITY : SRC_SINC_MEDIUM_QUALITY;
}

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& reason) {
  throw FileError(path.string() + ": " + reason);
}

/// What is no sound becomes silence. True if there was any.
bool silence_faults(float* samples, std::int64_t count) {
  bool any = false;
  for (std::int64_t i = 0; i < count; ++i) {
    if (std::abs(samples[i]) <= kLoudestSample) continue;  // false for NaN
    samples[i] = 0;
    any = true;
  }
  return any;
}

std::string fault_text(const std::string& what) {
  return what + ": holds samples that are no sound (not finite, or louder than +30 dBFS); they are silent";
}

/// Reads to the end; `frames` were read before.
std::int64_t count_frames(SNDFILE* file, int channels, std::int64_t frames) {
  std::vector<float> block(static_cast<std::size_t>(kReadFrames * channels));
  while (const std::int64_t got = sf_readf_float(file, block.data(), kReadFrames)) frames += got;
  return frames;
}

SndfilePointer open_checked(const std::filesystem::path& path, AudioFileInfo& info) {
  Descriptor descriptor;
  if (const std::string why = open_regular_file(path.string(), kAudioFile, descriptor); !why.empty()) {
    fail(path, why + "; " + kAllowed);
  }
  struct stat status {};
  if (::fstat(descriptor.get(), &status) == 0 && status.st_size == 0) fail(path, "the file is empty (0 bytes)");

  SF_INFO sf{};
  SndfilePointer file(sf_open_fd(descriptor.get(), SFM_READ, &sf, SF_TRUE));
  static_cast<void>(descriptor.release());  // closed by libsndfile, also where it refuses the file
  if (!file) fail(path, std::string("damaged or not an audio file (") + sf_strerror(nullptr) + "); " + kAllowed);
  if (sf.channels < 1 || sf.channels > 2) {
    fail(path, "has " + std::to_string(sf.channels) + " channels; allowed: 1 (mono) or 2 (stereo)");
  }
  if (sf.samplerate < kMinFileRateHz || sf.samplerate > kMaxFileRateHz) {
    fail(path, "has a sample rate of " + std::to_string(sf.samplerate) + " Hz; allowed: 1,000 to 768,000 Hz");
  }
  float first[2];
  if (sf_readf_float(file.get(), first, 1) != 1) {
    if (sf.frames > 0) fail(path, std::string("damaged: no sound can be read from it; ") + kAllowed);
    fail(path, "the file holds no sound (0 frames)");
  }
  info = {sf.frames, sf.channels, sf.samplerate};
  // A FLAC whose writer was killed does not hold its length; libsndfile then reports the largest possible one.
  if (sf.frames <= 0 || sf.frames > SF_COUNT_MAX / 2) info.frames = count_frames(file.get(), sf.channels, 1);
  if (info.frames > kMaxFileFrames) {
    fail(path, "damaged: claims to hold " + std::to_string(info.frames) + " frames; allowed: up to 1,000,000,000,000");
  }
  if (sf_seek(file.get(), 0, SEEK_SET) != 0) fail(path, "damaged: its beginning is not found again");
  return file;
}

}  // namespace

AudioFileInfo inspect_audio_file(const std::filesystem::path& path) {
  AudioFileInfo info;
  open_checked(path, info);
  return info;
}

struct AudioFileReader::Impl {
  std::filesystem::path path;
  AudioFileInfo info;
  SndfilePointer file;
  ResamplerPointer resampler;  // null: the file has the right rate already
  double ratio = 1;
  std::vector<float> pending;  // read from the file, not yet resampled
  std::int64_t pending_from = 0, pending_frames = 0;
  std::int64_t read_frames = 0;   // at the file's rate
  std::int64_t given_frames = 0;  // at the wanted rate
  std::int64_t total_frames = 0;  // at the wanted rate
  bool at_end = false;
  bool has_faults = false;

  std::int64_t read_file(float* into, std::int64_t frames) {
    const std::int64_t got = sf_readf_float(file.get(), into, frames);
    read_frames += got;
    if (got < frames) {
      at_end = true;
      if (read_frames < info.frames) {
        fail(path, "damaged: breaks off after " + std::to_string(read_frames) + " of " + std::to_string(info.frames) +
                       " frames");
      }
    }
    has_faults |= silence_faults(into, got * info.channels);
    return got;
  }

  std::int64_t resample(float* into, std::int64_t frames) {
    std::int64_t done = 0;
    while (done < frames) {
      if (pending_frames == 0 && !at_end) {
        pending_from = 0;
        pending_frames = read_file(pending.data(), kReadFrames);
      }
      SRC_DATA data{};
      data.data_in = pending.data() + pending_from * info.channels;
      data.input_frames = pending_frames;
      data.data_out = into + done * info.channels;
      data.output_frames = frames - done;
      data.end_of_input = at_end ? 1 : 0;
      data.src_ratio = ratio;
      if (const int error = src_process(resampler.get(), &data)) fail(path, src_strerror(error));
      pending_from += data.input_frames_used;
      pending_frames -= data.input_frames_used;
      done += data.output_frames_gen;
      if (at_end && data.output_frames_gen == 0 && data.input_frames_used == 0) break;
    }
    return done;
  }
};

AudioFileReader::AudioFileReader(const std::filesystem::path& path, int rate_hz, ResampleQuality quality)
    : impl_(std::make_unique<Impl>()) {
  impl_->path = path;
  impl_->file = open_checked(path, impl_->info);
  const AudioFileInfo& info = impl_->info;
  impl_->total_frames = (info.frames * rate_hz + info.rate_hz - 1) / info.rate_hz;
  if (info.rate_hz == rate_hz) return;
  int error = 0;
  impl_->resampler.reset(src_new(converter_of(quality), info.channels, &error));
  if (!impl_->resampler) fail(path, src_strerror(error));
  impl_->ratio = static_cast<double>(rate_hz) / info.rate_hz;
  impl_->pending.resize(static_cast<std::size_t>(kReadFrames * info.channels));
}

AudioFileReader::~AudioFileReader() = default;
AudioFileReader::AudioFileReader(AudioFileReader&&) noexcept = default;
AudioFileReader& AudioFileReader::operator=(AudioFileReader&&) noexcept = default;

const AudioFileInfo& AudioFileReader::info() const noexcept { return impl_->info; }
std::int64_t AudioFileReader::frames() const noexcept { return impl_->total_frames; }

std::int64_t AudioFileReader::read(std::span<float> interleaved) {
  Impl& my = *impl_;
  std::int64_t frames = static_cast<std::int64_t>(interleaved.size()) / my.info.channels;
  frames = std::min(frames, my.total_frames - my.given_frames);
  if (frames <= 0) return 0;
  if (my.resampler) {
    frames = my.resample(interleaved.data(), frames);
    my.has_faults |= silence_faults(interleaved.data(), frames * my.info.channels);  // what a filter made of them
  } else {
    frames = my.at_end ? 0 : my.read_file(interleaved.data(), frames);
  }
  my.given_frames += frames;
  return frames;
}

std::string AudioFileReader::warning() const { return impl_->has_faults ? fault_text(impl_->path.string()) : ""; }

void AudioFileReader::rewind() {
  Impl& my = *impl_;
  if (sf_seek(my.file.get(), 0, SEEK_SET) != 0) fail(my.path, "cannot go back to its beginning");
  if (my.resampler) src_reset(my.resampler.get());
  my.pending_from = my.pending_frames = my.read_frames = my.given_frames = 0;
  my.at_end = false;
}

AudioClip read_audio_file(const std::filesystem::path& path, int rate_hz, ResampleQuality quality) {
  AudioFileReader reader(path, rate_hz, quality);
  if (reader.frames() > kMaxClipFrames) {
    fail(path, "is too long to be taken as a whole: " + std::to_string(reader.frames()) + " frames at " +
                   std::to_string(rate_hz) + " Hz; allowed: up to 40,000,000");
  }
  AudioClip clip{reader.info().channels, {}, ""};
  const std::size_t chunk = static_cast<std::size_t>(kReadFrames * clip.channels);
  for (std::size_t filled = 0;;) {
    clip.samples.resize(filled + chunk);
    const std::int64_t got = reader.read(std::span(clip.samples).subspan(filled, chunk));
    filled += static_cast<std::size_t>(got * clip.channels);
    if (got < kReadFrames) {
      clip.samples.resize(filled);
      clip.warning = reader.warning();
      return clip;
    }
  }
}

AudioClip resample(const AudioClip& clip, double ratio, ResampleQuality quality) {
  if (ratio == 1) return clip;
  AudioClip result{clip.channels, {}, clip.warning};
  const auto frames = static_cast<std::size_t>(std::ceil(static_cast<double>(clip.frames()) * ratio));
  if (frames > kMaxClipFrames) {
    throw FileError("cannot be resampled: it would have " + std::to_string(frames) +
                    " frames; allowed: up to 40,000,000");
  }
  result.samples.resize(frames * static_cast<std::size_t>(clip.channels));
  SRC_DATA data{};
  data.data_in = clip.samples.data();
  data.input_frames = clip.frames();
  data.data_out = result.samples.data();
  data.output_frames = static_cast<std::int64_t>(frames);
  data.src_ratio = ratio;
  if (const int error = src_simple(&data, converter_of(quality), clip.channels)) {
    throw FileError(std::string("cannot be resampled: ") + src_strerror(error));
  }
  result.samples.resize(static_cast<std::size_t>(data.output_frames_gen * clip.channels));
  silence_faults(result.samples.data(), static_cast<std::int64_t>(result.samples.size()));
  return result;
}

}  // namespace fohd
