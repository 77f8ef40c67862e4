// A folder of multitrack files, laid out over the channels of the desk: "03 snare.wav" goes to channel 3.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "daemon/disk/audio_file.h"

namespace fohd {

struct ChannelFile {
  std::filesystem::path path;
  int channel = 1;  ///< from 1; a stereo file also takes channel + 1, and channel is odd
  bool stereo = false;
  std::string name;  ///< from the file name: "03_snare-top.wav" -> "snare top"; at most 32 bytes
  AudioFileInfo info;
};

/// In channel order, no channel twice.
using ChannelFiles = std::vector<ChannelFile>;

/// [control] Looks at every file of the folder that ends in .wav, .wave, .flac, .aif, .aiff, .ogg or .rf64 (any case);
/// others and hidden ones are passed over. A leading number is the channel; the others take, in order of their names,
/// the next free channel (a stereo file the next free odd/even pair). Throws FileError: no folder, nothing in it, a
/// file that cannot be read, two files for one channel, a stereo file numbered even, a channel beyond `inputs`.
ChannelFiles scan_channel_files(const std::filesystem::path& folder, int inputs);

/// [any] "03_snare-top.wav" -> 3 and "snare top"; no number where there is none. A name of nothing but a number stays
/// "".
struct ChannelFileName {
  std::optional<int> number;
  std::string name;
};
ChannelFileName parse_channel_file_name(const std::string& file_name);

}  // namespace fohd
