#include "daemon/disk/audio_writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <system_error>
#include <utility>
#include <vector>

#include "daemon/disk/sndfile_pointer.h"
#include "engine/processors/dither.h"

namespace fohd {
namespace {

std::string lower_extension(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return extension;
}

int sndfile_format(const std::filesystem::path& path, SampleFormat format) {
  const int depth = format == SampleFormat::int16   ? SF_FORMAT_PCM_16
                    : format == SampleFormat::int24 ? SF_FORMAT_PCM_24
                                                    : SF_FORMAT_FLOAT;
  const std::string extension = lower_extension(path);
  if (extension == ".wav") return SF_FORMAT_RF64 | depth;
  if (extension == ".flac") {
    if (format == SampleFormat::float32) {
      throw FileError(path.string() + ": FLAC has no float samples; allowed: 16 or 24 bit, or a .wav file");
    }
    return SF_FORMAT_FLAC | depth;
  }
  throw FileError(path.string() + ": unknown kind of audio file; allowed endings: .wav and .flac");
}

int open_for_writing(const std::filesystem::path& path, const std::filesystem::path& shown) {
  std::error_code error;
  const std::filesystem::path folder = path.has_parent_path() ? path.parent_path() : ".";
  if (!std::filesystem::is_directory(folder, error)) {
    throw FileError(shown.string() + ": the folder " + folder.string() + " does not exist");
  }
  if (std::filesystem::is_directory(path, error)) {
    throw FileError(shown.string() + ": is a folder; a file name ending in .wav or .flac is needed");
  }
  // What takes no more, such as a pipe that nobody reads, is an error and never a wait.
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_NONBLOCK | O_CLOEXEC, 0666);
  if (descriptor < 0) {
    throw FileError(shown.string() + ": cannot be written: " + std::generic_category().message(errno));
  }
  return descriptor;
}

}  // namespace

std::optional<SampleFormat> parse_sample_format(std::string_view text) noexcept {
  if (text == "16") return SampleFormat::int16;
  if (text == "24") return SampleFormat::int24;
  if (text == "float") return SampleFormat::float32;
  return std::nullopt;
}

struct AudioWriter::Impl {
  std::filesystem::path path, shown;
  int descriptor = -1;  ///< libsndfile's, which closes it
  bool name_is_safe = false;
  SndfilePointer file;
  int channels = 0;
  SampleFormat format = SampleFormat::int24;
  std::int64_t frames = 0;
  std::vector<Requantiser> requantisers;  ///< one per channel; float: none
  std::vector<int> integers;
  std::vector<float> floats;

  void prepare_requantisers(int rate_hz) {
    if (format == SampleFormat::float32) return;
    for (int channel = 0; channel < channels; ++channel) {
      requantisers.emplace_back(bits(), rate_hz, channel, design_noise_shaping(bits(), rate_hz));
    }
  }
  int bits() const noexcept { return format == SampleFormat::int16 ? 16 : 24; }

  /// libsndfile takes 32-bit integers and keeps the upper 16 or 24 bits.
  void quantise(std::span<const float> from) {
    const int shift = 32 - bits();
    integers.resize(from.size());
    for (std::size_t i = 0; i < from.size(); ++i) {
      integers[i] = requantisers[i % requantisers.size()].process(from[i]) * (1 << shift);
    }
  }

  sf_count_t write(std::span<const float> from) {
    const auto count = static_cast<sf_count_t>(from.size());
    if (format != SampleFormat::float32) {
      quantise(from);
      return sf_write_int(file.get(), integers.data(), count);
    }
    floats.assign(from.begin(), from.end());
    std::replace_if(
        floats.begin(), floats.end(), [](float x) { return !std::isfinite(x); }, 0.0f);
    return sf_write_float(file.get(), floats.data(), count);
  }
};

AudioWriter::AudioWriter(const std::filesystem::path& path, int rate_hz, int channels, SampleFormat format,
                         const std::filesystem::path& shown_path)
    : impl_(std::make_unique<Impl>()) {
  Impl& my = *impl_;
  my.shown = shown_path.empty() ? path : shown_path;
  my.channels = channels;
  my.format = format;
  SF_INFO info{};
  info.samplerate = rate_hz;
  info.channels = channels;
  info.format = sndfile_format(my.shown, format);
  my.path = path;
  my.prepare_requantisers(rate_hz);
  my.descriptor = open_for_writing(path, my.shown);
  my.file.reset(sf_open_fd(my.descriptor, SFM_WRITE, &info, SF_TRUE));
  if (!my.file) throw FileError(my.shown.string() + ": cannot be written: " + sf_strerror(nullptr));
  // An RF64 that stays below 4 GB is written as plain WAV, at every refresh of its header.
  sf_command(my.file.get(), SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
  // The PEAK chunk carries the time of day: two renders of one mix would differ.
  sf_command(my.file.get(), SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);
}

AudioWriter::~AudioWriter() = default;

void AudioWriter::write(std::span<const float> interleaved) {
  Impl& my = *impl_;
  if (my.write(interleaved) != static_cast<sf_count_t>(interleaved.size())) {
    throw FileError(my.shown.string() + ": cannot be written further: " + sf_strerror(my.file.get()));
  }
  my.frames += static_cast<std::int64_t>(interleaved.size()) / my.channels;
}

void AudioWriter::refresh_header() { sf_command(impl_->file.get(), SFC_UPDATE_HEADER_NOW, nullptr, 0); }

void AudioWriter::sync() {
  Impl& my = *impl_;
  // EINVAL, EROFS: what cannot be synchronised (a pipe, a device) has nothing to lose.
  if (::fdatasync(my.descriptor) != 0 && errno != EINVAL && errno != EROFS) {
    throw FileError(my.shown.string() + ": cannot be written further: " + std::generic_category().message(errno));
  }
  if (std::exchange(my.name_is_safe, true)) return;
  // A new file's name is safe once its folder is.
  const std::filesystem::path folder = my.path.has_parent_path() ? my.path.parent_path() : ".";
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

void AudioWriter::close() {
  if (!impl_->file) return;
  if (const int error = sf_close(impl_->file.release())) {
    throw FileError(impl_->shown.string() + ": could not be completed: " + sf_error_number(error));
  }
}

void AudioWriter::skip_to_frame(std::int64_t frame) {
  if (sf_seek(impl_->file.get(), frame, SEEK_SET) != frame) {
    throw FileError(impl_->shown.string() + ": cannot go to frame " + std::to_string(frame) + ": " +
                    sf_strerror(impl_->file.get()));
  }
  impl_->frames = frame;
}

std::int64_t AudioWriter::frames() const noexcept { return impl_->frames; }

}  // namespace fohd
