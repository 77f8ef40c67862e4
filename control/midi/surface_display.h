// The small displays of a surface: scribble strips with their colours, level meters, the time display. It takes what
// should be shown, and sends what differs from what is shown. Wire forms: those of a Mackie Control and a HUI.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "control/midi/midi_out.h"
#include "control/midi/midi_profile.h"

namespace fohd {

/// [any] A number with its unit in at most `width` characters: "-6.0dB", "2.5kHz", "-12.5"; the unit goes before the
/// digits do.
std::string short_number(float number, std::string_view unit, std::size_t width);

/// [control] Columns are this device's own, from 0.
class SurfaceDisplay {
 public:
  static constexpr int kLines = 2;

  SurfaceDisplay(const DisplaySpec& spec, int columns);

  /// Nothing is known of what it shows.
  void repaint();
  /// The id that it called itself by.
  void set_sysex_id(std::uint8_t id) noexcept { sysex_id_ = id; }
  std::uint8_t sysex_id() const noexcept { return sysex_id_; }

  std::size_t cell_width() const noexcept { return spec_.kind == DisplayKind::hui ? 4 : 6; }
  bool has_text() const noexcept { return spec_.kind != DisplayKind::none; }
  /// UTF-8; what the device cannot show becomes '?'.
  void text(int column, int line, std::string_view text);
  /// 0 off, 1 red, 2 green, 3 yellow, 4 blue, 5 magenta, 6 cyan, 7 white.
  void color(int column, int color);
  /// Up to ten characters for the time display, from its left; '.' belongs to the character before it. Two for the
  /// small one beside it.
  void digits(std::string_view ten, std::string_view two);
  /// A linear peak; the largest until it is sent counts.
  void level(int column, float peak, bool clipped);

  /// Appends what is due, until `out` holds `most_bytes`.
  void send(MidiOut& out, std::size_t most_bytes, std::int64_t now_ms);

 private:
  void send_mcu_text(MidiOut& out, int line);
  void send_hui_text(MidiOut& out, std::size_t most_bytes);
  void send_colors(MidiOut& out);
  void send_digits(MidiOut& out);
  void send_meters(MidiOut& out, std::int64_t now_ms);
  void begin_exclusive(MidiOut& out, std::uint8_t command) const;
  static void end_exclusive(MidiOut& out);

  struct Meter {
    float peak = 0;
    bool clipped = false;
    int clip_sent = -1;  ///< the lamp: 0 dark, 1 lit, -1 unknown
    int sent = 0;
  };
  DisplaySpec spec_;
  std::uint8_t sysex_id_;
  std::size_t columns_;
  std::array<std::string, kLines> wanted_, sent_;  ///< columns x 7 characters; sent_ is empty when unknown
  std::vector<std::uint8_t> colors_, colors_sent_;
  std::array<std::uint8_t, 12> digits_{}, digits_sent_{};  ///< from the right; the last two are the small display
  bool digits_known_ = false;
  std::vector<Meter> meters_;
  std::int64_t meters_ms_ = 0;
};

/// [any] Steps 0..12 of a meter for a linear peak: from -60 dB, 12 is 0 dB (a Mackie Control's).
int meter_step(float peak) noexcept;

}  // namespace fohd
