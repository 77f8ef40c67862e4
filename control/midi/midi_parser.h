// Bytes of a MIDI cable, taken apart into messages (MIDI 1.0, "Data Format"): running status, real-time bytes in the
// midst of others, system exclusive that is cut, endless or broken. Whatever comes, memory is bounded and the next
// status byte begins anew.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace fohd {

using MidiBytes = std::span<const std::uint8_t>;

/// [control] One for each cable.
class MidiParser {
 public:
  /// The longest message of a surface is 120 bytes; a longer one than this is passed over.
  static constexpr std::size_t kMaxMessageBytes = 512;

  /// Calls on_message(MidiBytes) for every whole message: it begins with a status byte, F0 messages end with F7.
  /// Real-time messages (F8 to FF) are left out, so are tune and song messages (F1 to F6).
  template <class Fn>
  void feed(MidiBytes bytes, Fn on_message) {
    for (const std::uint8_t byte : bytes) {
      if (take(byte)) on_message(MidiBytes(message_.data(), size_));
    }
  }
  /// Drops an unfinished message: the cable was pulled.
  void reset() noexcept { size_ = 0, running_ = 0, too_long_ = false; }

  /// Bytes that belonged to no message, since the start.
  std::uint64_t stray_bytes() const noexcept { return stray_; }

 private:
  /// True when message_ holds a whole message.
  bool take(std::uint8_t byte) noexcept;
  bool take_status(std::uint8_t byte) noexcept;
  bool take_data(std::uint8_t byte) noexcept;

  std::array<std::uint8_t, kMaxMessageBytes> message_{};
  std::size_t size_ = 0;
  std::uint8_t running_ = 0;  ///< the status that data bytes belong to; 0 none, F0 within a system exclusive
  bool too_long_ = false;
  std::uint64_t stray_ = 0;
};

/// [any] Data bytes behind a channel status 80..EF: 1 or 2.
constexpr int midi_data_bytes(std::uint8_t status) noexcept {
  const int kind = status >> 4;
  return kind == 0xC || kind == 0xD ? 1 : 2;
}

}  // namespace fohd
