#include "daemon/disk/channel_files.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>

#include "daemon/base/file_system.h"

namespace fohd {
namespace {

constexpr std::array<std::string_view, 7> kEndings{".wav", ".wave", ".rf64", ".flac", ".aif", ".aiff", ".ogg"};
constexpr std::size_t kMaxNameBytes = 32;  // the longest name of a channel

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_separator(char c) { return c == ' ' || c == '_' || c == '-' || c == '.'; }

bool has_audio_ending(const std::filesystem::path& path) {
  std::string ending = path.extension().string();
  for (char& c : ending) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return std::find(kEndings.begin(), kEndings.end(), ending) != kEndings.end();
}

/// A number before the name that is longer than a date with its time (YYYYMMDDhhmmss): neither that nor a channel.
bool is_absurd_number(const std::string& file_name) {
  constexpr std::size_t kDateAndTime = 14;
  const auto end = std::find_if_not(file_name.begin(), file_name.end(), is_digit);
  return static_cast<std::size_t>(end - file_name.begin()) > kDateAndTime;
}

/// At most `bytes`, not through the middle of a UTF-8 character.
void cut_text(std::string& text, std::size_t bytes) {
  if (text.size() <= bytes) return;
  while (bytes > 0 && (static_cast<unsigned char>(text[bytes]) & 0xc0U) == 0x80U) --bytes;
  text.resize(bytes);
}

/// Which file holds each channel, by index from 1; null: free.
class Places {
 public:
  explicit Places(int inputs) : taken_(static_cast<std::size_t>(inputs) + 1, nullptr) {}

  void take(const ChannelFile& file) {
    const std::string channel = std::to_string(file.channel);
    if (file.channel < 1 || file.channel + (file.stereo ? 1 : 0) > inputs()) {
      throw FileError(file.path.string() + ": channel " + channel + (file.stereo ? " (a stereo pair)" : "") +
                      " does not exist; the desk has channels 1 to " + std::to_string(inputs()));
    }
    if (file.stereo && file.channel % 2 == 0) {
      throw FileError(file.path.string() + ": a stereo file needs an odd channel, it takes that and the next; " +
                      channel + " is even");
    }
    for (int channel_used = file.channel; channel_used <= file.channel + (file.stereo ? 1 : 0); ++channel_used) {
      const ChannelFile*& place = taken_[static_cast<std::size_t>(channel_used)];
      if (place != nullptr) {
        throw FileError(file.path.string() + ": channel " + std::to_string(channel_used) + " is already taken by " +
                        place->path.filename().string());
      }
      place = &file;
    }
  }

  int next_free(const ChannelFile& file) const {
    for (int channel = 1; channel <= inputs(); channel += file.stereo ? 2 : 1) {
      if (free(channel) && (!file.stereo || free(channel + 1))) return channel;
    }
    throw FileError(file.path.string() + ": no free " + (file.stereo ? "odd/even pair of channels" : "channel") +
                    " is left; the desk has channels 1 to " + std::to_string(inputs()));
  }

 private:
  int inputs() const { return static_cast<int>(taken_.size()) - 1; }
  bool free(int channel) const { return channel <= inputs() && taken_[static_cast<std::size_t>(channel)] == nullptr; }
  std::vector<const ChannelFile*> taken_;
};

std::vector<std::filesystem::path> audio_files_in(const std::filesystem::path& folder) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error)) throw FileError(folder.string() + ": no such folder");
  if (!std::filesystem::is_directory(folder, error)) {
    throw FileError(folder.string() + ": is a file; a folder with one audio file per channel is needed");
  }
  std::vector<std::filesystem::path> paths;
  std::vector<std::string> names;
  if (const std::string why = FileSystem().list(folder.string(), names); !why.empty()) throw FileError(why);
  for (const std::string& name : names) {
    if (!name.starts_with('.') && has_audio_ending(name)) paths.push_back(folder / name);
  }
  if (paths.empty()) {
    throw FileError(folder.string() +
                    ": no audio files in it; needed: one WAV, FLAC, AIFF, Ogg or RF64 file per channel");
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

ChannelFileName parse_channel_file_name(const std::string& file_name) {
  const std::string stem = std::filesystem::path(file_name).stem().string();
  ChannelFileName result;
  std::size_t at = 0;
  // Six digits are a date or a take number of some recorder, never a channel.
  while (at < stem.size() && at < 4 && is_digit(stem[at])) ++at;
  const bool ends_well = at == stem.size() || is_separator(stem[at]);
  if (at > 0 && at < 4 && ends_well) {
    result.number = std::stoi(stem.substr(0, at));
  } else {
    at = 0;
  }
  for (; at < stem.size(); ++at) {
    if (!is_separator(stem[at])) {
      result.name += stem[at];
    } else if (!result.name.empty() && result.name.back() != ' ') {
      result.name += ' ';
    }
  }
  cut_text(result.name, kMaxNameBytes);
  while (!result.name.empty() && result.name.back() == ' ') result.name.pop_back();
  return result;
}

ChannelFiles scan_channel_files(const std::filesystem::path& folder, int inputs) {
  ChannelFiles files;
  for (const auto& path : audio_files_in(folder)) {
    if (is_absurd_number(path.filename().string())) {
      throw FileError(path.string() + ": the number before the name is no channel; the desk has channels 1 to " +
                      std::to_string(inputs));
    }
    const ChannelFileName name = parse_channel_file_name(path.filename().string());
    const AudioFileInfo info = inspect_audio_file(path);
    files.push_back({path, name.number.value_or(0), info.channels == 2, name.name, info});
  }
  // Numbered ones first: a file without number must not take the place of one that names it.
  Places places(inputs);
  std::vector<bool> placed;
  for (const ChannelFile& file : files) {
    placed.push_back(parse_channel_file_name(file.path.filename().string()).number.has_value());
    if (placed.back()) places.take(file);
  }
  for (std::size_t i = 0; i < files.size(); ++i) {
    if (placed[i]) continue;
    files[i].channel = places.next_free(files[i]);
    places.take(files[i]);
  }
  std::sort(files.begin(), files.end(), [](const auto& a, const auto& b) { return a.channel < b.channel; });
  return files;
}

}  // namespace fohd
