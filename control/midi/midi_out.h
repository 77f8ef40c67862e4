// Messages that wait to be sent to one device, in order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "control/midi/midi_source.h"

namespace fohd {

class MidiOut {
 public:
  /// The bytes; write whole messages behind them and close() each.
  std::vector<std::uint8_t>& bytes() noexcept { return bytes_; }
  void close() {
    if (!bytes_.empty() && (ends_.empty() || ends_.back() != bytes_.size())) ends_.push_back(bytes_.size());
  }
  void add(MidiBytes message) {
    bytes_.insert(bytes_.end(), message.begin(), message.end());
    close();
  }
  /// What sets a control to `value`, each of its messages by itself.
  void set(const MidiSource& control, int value) {
    const std::size_t first = bytes_.size();
    append_midi(bytes_, control, value);
    for (std::size_t at = first; at < bytes_.size();) {
      at += static_cast<std::size_t>(1 + midi_data_bytes(bytes_[at]));
      ends_.push_back(at);
    }
  }
  std::size_t size_bytes() const noexcept { return bytes_.size(); }
  std::size_t messages() const noexcept { return ends_.size(); }
  MidiBytes message(std::size_t i) const {
    const std::size_t begin = i == 0 ? 0 : ends_[i - 1];
    return MidiBytes(bytes_).subspan(begin, ends_[i] - begin);
  }
  void clear() noexcept {
    bytes_.clear();
    ends_.clear();
  }

 private:
  std::vector<std::uint8_t> bytes_;
  std::vector<std::size_t> ends_;
};

}  // namespace fohd
