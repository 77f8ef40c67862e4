#include "control/midi/midi_parser.h"

namespace fohd {

bool MidiParser::take(std::uint8_t byte) noexcept {
  if (byte >= 0xF8) return false;  // real time: between any two bytes, and it changes nothing
  return byte >= 0x80 ? take_status(byte) : take_data(byte);
}

bool MidiParser::take_status(std::uint8_t byte) noexcept {
  const bool ends_exclusive = byte == 0xF7 && running_ == 0xF0 && !too_long_;
  if (ends_exclusive && size_ < message_.size()) {
    message_[size_++] = byte;
    running_ = 0;
    return true;
  }
  too_long_ = false;
  running_ = byte < 0xF0 || byte == 0xF0 ? byte : 0;  // F1 to F7 end the running status
  size_ = 0;
  if (running_ != 0) message_[size_++] = byte;
  return false;
}

bool MidiParser::take_data(std::uint8_t byte) noexcept {
  if (running_ == 0 || too_long_) {
    ++stray_;
    return false;
  }
  if (running_ == 0xF0) {
    if (size_ + 1 >= message_.size()) {  // no room for it and F7
      too_long_ = true;
      return false;
    }
    message_[size_++] = byte;
    return false;
  }
  const auto whole = static_cast<std::size_t>(1 + midi_data_bytes(running_));
  if (size_ == whole) size_ = 1;  // running status: the next message has the same first byte
  message_[size_++] = byte;
  return size_ == whole;
}

}  // namespace fohd
