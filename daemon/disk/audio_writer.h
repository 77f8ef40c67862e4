// Audio files out: WAV or FLAC by extension. Fixed point is dithered with TPDF noise of +-1 step, as
// docs/DESK.md, "Outputs" asks of a writer, so that a fade ends in noise and not in distortion; at 16 bits the noise is
// shaped (engine/processors/dither.h): 16 bits are the format of a finished mix, further work needs 24 or float. WAV
// becomes RF64 by itself past 4 GB.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "daemon/disk/audio_file.h"

namespace fohd {

enum class SampleFormat { int16, int24, float32 };

/// "16", "24", "float"; anything else: nothing. [any]
std::optional<SampleFormat> parse_sample_format(std::string_view text) noexcept;

/// [disk, control] One thread at a time.
class AudioWriter {
 public:
  /// Creates (or truncates) the file. Extension .wav or .flac, in any case; FLAC has no float. channels 1..2.
  /// Throws FileError: unknown extension, parent folder missing, no permission, a directory.
  /// `shown_path`: the name to use in messages and to take the extension from, where the file is written under another.
  AudioWriter(const std::filesystem::path& path, int rate_hz, int channels, SampleFormat format,
              const std::filesystem::path& shown_path = {});
  ~AudioWriter();  ///< closes; errors are lost: call close() to get them
  AudioWriter(const AudioWriter&) = delete;
  AudioWriter& operator=(const AudioWriter&) = delete;

  /// Whole interleaved frames. Fixed point clamps at full scale; NaN is written as 0. Digital silence stays silent
  /// before the first sound and from 1 s after the last. Throws FileError (disk full, ...).
  void write(std::span<const float> interleaved);
  /// Makes the file on disk playable as far as it has been written. WAV: the header has the present length; FLAC: is
  /// playable at any time, up to its last whole block (4,096 frames).
  void refresh_header();
  /// Forces what has been written onto the disk, so that it outlives a power cut; as slow as the disk is. Throws
  /// FileError: the disk has lost some of it.
  void sync();
  void close();
  /// WAV only: goes on at that frame; what was not written before is silence, a hole in a sparse file.
  void skip_to_frame(std::int64_t frame);

  std::int64_t frames() const noexcept;  ///< written so far

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fohd
