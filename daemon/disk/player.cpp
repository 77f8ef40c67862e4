#include "daemon/disk/player.h"

#include <algorithm>
#include <utility>

namespace fohd {
namespace {

constexpr int kBlockFrames = 1024;        // what the disk thread produces at once
constexpr int kBlocksPerTurn = 16;        // then others (a recorder) have their turn
constexpr double kRingSeconds = 2;        // how long a disk may be away
constexpr double kPrefillSeconds = 0.25;  // the thread fills the rest while this plays

}  // namespace

struct Player::Track {
  Track(const ChannelFile& channel_file, int rate_hz, std::size_t ring_frames)
      : file(channel_file), reader(channel_file.path, rate_hz, ResampleQuality::live) {
    const int channels = channel_file.stereo ? 2 : 1;
    for (int i = 0; i < channels; ++i) rings.push_back(std::make_unique<Ring<float>>(ring_frames));
    interleaved.resize(static_cast<std::size_t>(kBlockFrames) * channels);
  }

  ChannelFile file;
  AudioFileReader reader;
  std::vector<std::unique_ptr<Ring<float>>> rings;  // one per channel
  std::vector<float> interleaved;
  bool broken = false, warned = false;
};

Player::Player(ChannelFiles files, int rate_hz, int max_frames)
    : files_(std::move(files)), max_frames_(max_frames), status_(PlayerStatus{}) {
  const auto ring_frames = static_cast<std::size_t>(kRingSeconds * rate_hz) + static_cast<std::size_t>(max_frames);
  for (const ChannelFile& file : files_) {
    tracks_.push_back(std::make_unique<Track>(file, rate_hz, ring_frames));
    Track& track = *tracks_.back();
    loop_frames_ = std::max(loop_frames_, track.reader.frames());
    for (std::size_t i = 0; i < track.rings.size(); ++i) {
      channel_outputs_.push_back({track.rings[i].get(), file.channel - 1 + static_cast<int>(i),
                                  std::vector<float>(static_cast<std::size_t>(max_frames))});
    }
  }
  const int prefill_blocks = static_cast<int>(kPrefillSeconds * rate_hz + max_frames) / kBlockFrames + 1;
  for (int block = 0; block < prefill_blocks && produce_block(); ++block) continue;
}

Player::~Player() = default;

void Player::fill(const float** inputs, int frames) noexcept {
  const auto count = static_cast<std::size_t>(std::clamp(frames, 0, max_frames_));
  const bool ready = std::all_of(channel_outputs_.begin(), channel_outputs_.end(),
                                 [count](const ChannelOutput& output) { return output.ring->readable() >= count; });
  if (!ready) underruns_.beat();
  for (ChannelOutput& output : channel_outputs_) {
    if (ready) {
      output.ring->read(std::span(output.buffer).first(count));
    } else {
      std::fill_n(output.buffer.begin(), count, 0.0f);
    }
    inputs[output.input] = output.buffer.data();
  }
}

bool Player::produce_block() {
  const bool room = std::all_of(channel_outputs_.begin(), channel_outputs_.end(), [](const ChannelOutput& output) {
    return output.ring->writable() >= static_cast<std::size_t>(kBlockFrames);
  });
  if (!room || channel_outputs_.empty()) return false;
  const std::int64_t frames = std::min<std::int64_t>(kBlockFrames, loop_frames_ - position_frames_);
  const bool at_seam = position_frames_ + frames == loop_frames_;
  for (const auto& track : tracks_) produce(*track, frames, at_seam);
  position_frames_ = at_seam ? 0 : position_frames_ + frames;
  if (at_seam) {
    ++now_.loops;
    publish();
  }
  return true;
}

void Player::produce(Track& track, std::int64_t frames, bool at_seam) {
  const std::size_t channels = track.rings.size(), count = static_cast<std::size_t>(frames);
  const std::span<float> wanted = std::span(track.interleaved).first(count * channels);
  std::size_t got = 0;
  if (!track.broken) {
    try {
      got = static_cast<std::size_t>(track.reader.read(wanted));
      if (at_seam) track.reader.rewind();
      if (!track.warned) warn(track);
    } catch (const std::exception& error) {  // FileError, or memory has run out
      track.broken = true;
      now_.failed = true;
      now_.message = error.what();
      publish();
    }
  }
  std::fill(wanted.begin() + static_cast<std::ptrdiff_t>(got * channels), wanted.end(), 0.0f);
  float planar[kBlockFrames];
  for (std::size_t channel = 0; channel < channels; ++channel) {
    for (std::size_t i = 0; i < count; ++i) planar[i] = wanted[i * channels + channel];
    track.rings[channel]->write(std::span<const float>(planar, count));
  }
}

void Player::warn(Track& track) {
  std::string warning = track.reader.warning();
  if (warning.empty()) return;
  now_.warnings.push_back(std::move(warning));
  track.warned = true;
  publish();
}

void Player::publish() {
  status_.back() = now_;
  status_.publish();
}

void Player::service() noexcept {
  for (int block = 0; block < kBlocksPerTurn && produce_block(); ++block) continue;
}

}  // namespace fohd
